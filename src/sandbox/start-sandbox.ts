import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildApp } from '../app.ts'
import { startSandboxDatabase } from './sandbox-database.ts'
import { type Simulator, startSimulator } from './simulator/simulator.ts'
import { populate } from './world/populate.ts'

/** Everything that runs, and how to end it. */
export interface Sandbox {
  readonly url: string
  readonly token: string
  /** The port asked for, when another program had it and a free one was taken. */
  readonly takenPort: number | undefined
  readonly databaseWhere: string
  readonly simulator: Simulator
}

type App = Awaited<ReturnType<typeof buildApp>>

/** Parts that end together, the youngest first. */
export interface Parts {
  add(name: string, stop: () => Promise<unknown>): void
  /** Ends what was added; gives a line for each part that did not end as it should. */
  stop(): Promise<string[]>
}

const RULES_DIR = fileURLToPath(new URL('../../rules', import.meta.url))
/** As far away as a server in the same city. */
const API_LATENCY = { minMs: 15, maxMs: 60 }
/**
 * Each part's; they take some tenths of a second, and a busy machine's queue up to seven. Who does not want to wait for one
 * that hangs presses Ctrl-C again.
 */
const STOP_MS_MAX = 10_000

/** A list of parts without any. */
export function createParts(): Parts {
  const parts: { name: string; stop: () => Promise<unknown> }[] = []
  return {
    add: (name, stop) => parts.push({ name, stop }),
    async stop() {
      const problems: string[] = []
      for (const { name, stop } of parts.splice(0).reverse()) {
        const late = sleep(STOP_MS_MAX, `${name} took longer than ${STOP_MS_MAX} ms to stop.`, { ref: false })
        const ended = stop().then(
          () => undefined,
          (error: unknown) => `${name} could not be stopped: ${error instanceof Error ? error.message : error}`,
        )
        const problem = await Promise.race([ended, late])
        if (problem !== undefined) problems.push(problem)
      }
      return problems
    },
  }
}

/** Starts database, simulated HelpCrunch and service; what has been started is in `parts` even when it rejects or is aborted. */
export async function startSandbox(
  env: Readonly<Record<string, string | undefined>>,
  seed: number,
  parts: Parts,
  signal: AbortSignal,
): Promise<Sandbox> {
  const database = await startSandboxDatabase(env.DATABASE_URL)
  parts.add('The database', () => database.stop())
  signal.throwIfAborted()
  const keys = { api: secret(), signing: secret(), token: secret() }
  const simulator = await startSimulator({
    ...{ apiKey: keys.api, signingKeys: [keys.signing], seed, latency: API_LATENCY },
    switches: { retryAfter: 'seconds' },
  })
  parts.add('The simulated HelpCrunch', () => simulator.stop())
  populate(simulator)
  const settings = {
    PORT: env.PORT,
    DATABASE_URL: database.url,
    HELPCRUNCH_API_URL: simulator.apiUrl,
    HELPCRUNCH_API_KEY: keys.api,
    HELPCRUNCH_SIGNING_KEY: keys.signing,
    ADMIN_TOKEN: keys.token,
    RULES_DIR,
  }
  const app = await buildApp({ env: settings, logger: false })
  parts.add('The service', () => app.close())
  signal.throwIfAborted()
  const { url, takenPort } = await listen(app)
  simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`)
  return { url, token: keys.token, takenPort, databaseWhere: database.where, simulator }
}

function secret(): string {
  return randomBytes(12).toString('hex')
}

async function listen(app: App): Promise<Pick<Sandbox, 'url' | 'takenPort'>> {
  const host = '127.0.0.1'
  const { PORT: port } = app.config
  try {
    return { url: await app.listen({ host, port }), takenPort: undefined }
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!isTaken) throw error
    return { url: await app.listen({ host, port: 0 }), takenPort: port }
  }
}
