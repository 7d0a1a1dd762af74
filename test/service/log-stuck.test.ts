import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Test, test } from 'tap'
import { settingsFor, startService, until } from '../support/service.ts'
import { inherited } from '../support/start-command.ts'

const MAIN = fileURLToPath(import.meta.resolve('../../src/main.ts'))

/** A service that writes its log there, and that answers. */
async function startLoggingTo(t: Test, stdout: number | 'pipe'): Promise<{ child: ChildProcess; url: string }> {
  const { simulator, databaseUrl } = await startService(t, { rules: [{}], settings: { ROLE: 'web' } })
  const port = await freePort()
  const env = { ...inherited(), ...settingsFor(simulator, databaseUrl, '.'), ROLE: 'web', PORT: String(port) }
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', stdout, 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}/healthz`
  await until('it answers', () => answers(url))
  return { child, url }
}

const answers = (url: string) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo // it listens on a port, not on a pipe
  probe.close()
  return port
}

/** It ends by a signal, with 0, and soon. */
async function endsInOrder(child: ChildProcess): Promise<boolean> {
  child.kill('SIGINT')
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(8_000) })
  return code === 0
}

test('a full disk behind the log neither ends the service nor keeps it from ending', {
  skip: !existsSync('/dev/full'),
}, async (t) => {
  const { child, url } = await startLoggingTo(t, openSync('/dev/full', 'w'))
  for (let count = 0; count < 5; count++) t.ok(await answers(url))
  t.ok(await endsInOrder(child))
})

test('a log that nobody reads neither stalls the service nor keeps it from ending', async (t) => {
  const { child, url } = await startLoggingTo(t, 'pipe')
  for (let count = 0; count < 1_000; count++) await fetch(url) // more lines than a pipe holds
  t.ok(await answers(url))
  t.ok(await endsInOrder(child))
})
