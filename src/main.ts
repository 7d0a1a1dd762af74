import { once } from 'node:events'
import { enableCompileCache, flushCompileCache } from 'node:module'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import packageJson from '../package.json' with { type: 'json' }
import { loadEnvFile } from './load-env-file.ts'
import { onStopSignals } from './stop-signals.ts'

/** How long the process has after SIGTERM: two seconds to be noticed, the rest for requests and jobs under way. */
const CLOSE_MS_MAX = 10_000
const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const
const NOT_STOPPED =
  'what was under way has not ended in time, as when the database does not answer; nothing that was acknowledged is lost'
/** How long an exit waits for whoever reads the log. */
const LOG_MS_MAX = 1_000
/** How much waits for whoever reads the log; what comes then is dropped. */
const LOG_BYTES_MAX = 8_388_608
/** When nobody waits for the start any more. */
const KEEP_COMPILED_AFTER_MS = 1_000
/**
 * Connections that may wait to be accepted; Linux allows `net.core.somaxconn` at most, 4096. Of Node's 511 there are too few while
 * webhooks come in a flood: the client of one that finds no place tries again after 1, 3 and 7 s.
 */
const BACKLOG = 4_096
/** What must not reach a log, wherever it stands. */
const REDACTED = ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-helpcrunch-signature"]']

// npm start: the service for real, with the settings of the environment and of .env.
loadEnvFile()
enableCompileCache() // what has been compiled once is not compiled at each start: a third of it

let app: FastifyInstance | undefined
let log: ReturnType<typeof import('pino').destination> | undefined
closeOnSignals() // first of all: a container's first process gets only the signals that it listens for
try {
  const [{ buildApp }, { destination }] = await Promise.all([import('./app.ts'), import('pino')])
  log = destination({ maxLength: LOG_BYTES_MAX })
  log.on('error', () => {}) // of a full disk, for one: that must not end the service, and the next line tries again
  app = await buildApp({ env: process.env, logger: { redact: REDACTED, stream: log } })
  const running = await describe(app)
  await listen(app)
  app.log.info(running, 'service.started')
  // Node keeps it at an orderly end only, and it is after a crash that the next start is waited for.
  setTimeout(flushCompileCache, KEEP_COMPILED_AFTER_MS).unref()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
  await app?.close()
  process.exit() // a connection that the driver has given up, for want of a password, would keep it alive for a minute
}

/** What is running, for the log. */
async function describe({ config, services }: FastifyInstance): Promise<object> {
  const { ROUTER_MODE: mode, ROLE: role, DATABASE_URL } = config
  const { rules, rulesetVersion } = await services.countRules()
  const database = DATABASE_URL === undefined ? 'embedded' : 'external'
  return { version: packageJson.version, mode, role, database, rules, rulesetVersion }
}

async function listen(app: FastifyInstance): Promise<void> {
  const { HOST, PORT } = app.config
  try {
    await app.listen({ host: HOST, port: PORT, backlog: BACKLOG })
  } catch (error) {
    throw new Error(`HOST and PORT: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

/**
 * Until the log is written, as far as somebody reads it: what the exit itself writes would overtake a line that is under way, and
 * would wait for ever for room.
 */
async function logWritten(): Promise<void> {
  if (log) await once(log, 'drain', { signal: AbortSignal.timeout(LOG_MS_MAX) }).catch(() => log?.destroy())
}

/** While it still starts, the process just ends: it has taken nothing on, and an embedded Postgres ends with it. */
function closeOnSignals(): void {
  const logger = { error: (message: string) => (app?.log ?? console).error(message) }
  const onTimeout = (waitedMs: number) => app?.log.error({ waitedMs, problem: NOT_STOPPED }, 'service.not_stopped')
  let signalled: NodeJS.Signals | undefined
  // A start that failed ends with its own exit code, and so without `beforeExit`. close-with-grace takes the same signal for a second one.
  const { close } = closeWithGrace(
    { delay: CLOSE_MS_MAX, logger, onTimeout, skip: ['beforeExit', ...STOP_SIGNALS] },
    async ({ err, signal = signalled }) => {
      if (err && app) app.log.fatal({ err }, 'process.failed')
      else if (err) console.error(err)
      const startedAt = performance.now()
      if (signal) app?.log.info({ signal }, 'service.stopping')
      // Ctrl-C is a person's, who has no load balancer and does not want to wait.
      if (signal === 'SIGTERM') await app?.drain()
      await app?.close()
      if (!app) return
      app.log.info({ durationMs: Math.round(performance.now() - startedAt) }, 'service.stopped')
      await logWritten()
    },
  )
  onStopSignals(STOP_SIGNALS, (name) => {
    signalled = name
    void close()
  })
}
