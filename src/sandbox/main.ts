import { enableCompileCache } from 'node:module'
import { onStopSignals } from '../stop-signals.ts'
import { parseOptions } from './parse-options.ts'
import { createTerminal } from './terminal.ts'

// npm run sandbox: everything at once, on this machine alone, until Ctrl-C or until the chats asked for are decided.
enableCompileCache()
const reading = parseOptions(process.argv.slice(2), process.env)
if (reading.kind === 'options') {
  const terminal = createTerminal(process.stdout)
  const stopping = stopOnSignals()
  // graphile-worker writes some errors past its logger; what they mean to a person, the sandbox says itself.
  for (const name of ['error', 'trace'] as const) console[name] = () => undefined
  const { runSandbox } = await import('./run-sandbox.ts')
  const code = await runSandbox({ ...reading.options, env: process.env, terminal, signal: stopping })
  // What could not be closed in time must not keep the process.
  process.exit(code)
} else {
  if (reading.kind === 'help') console.log(reading.text)
  else console.error(reading.problem)
  process.exitCode = reading.kind === 'help' ? 0 : 1
}

/** Aborted by the first Ctrl-C, with the error when the process fails, and quietly when nobody reads on (`| head`). */
function stopOnSignals(): AbortSignal {
  const stopping = new AbortController()
  onStopSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], () => stopping.abort('interrupted'))
  for (const name of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(name, (error: unknown) => stopping.abort(error instanceof Error ? error : new Error(String(error))))
  }
  process.stdout.on('error', () => stopping.abort('interrupted'))
  return stopping.signal
}
