import { type Test, test } from 'tap'
import { runSandbox } from '../../src/sandbox/run-sandbox.ts'
import { until } from '../support/service.ts'

// That it is a program of its own, with signals and exit codes, is in sandbox-process.test.ts.

const FIRST_DECISION = /^ 7\d{6} .*$/m
const serverUrl = process.env.TEST_SERVER_URL

interface SandboxRun {
  /** Resolves with all that is on the screen, once this is among it. */
  printed(what: string | RegExp): Promise<string>
  /** As Ctrl-C does it; resolves with the exit code. */
  stop(): Promise<number>
  readonly ended: Promise<number>
}

/** The sandbox in this process; it is gone when the test ends. */
function startSandbox(t: Test, chats?: number, databaseUrl = serverUrl): SandboxRun {
  let output = ''
  const terminal = {
    width: 140,
    paint: (_format: unknown, text: string) => text,
    print(line: string) {
      output += `${line}\n`
    },
    footer() {},
  }
  const stopping = new AbortController()
  const env = { PORT: '0', DATABASE_URL: databaseUrl }
  const ended = runSandbox({ chats, seed: 1, env, terminal, signal: stopping.signal })
  const stop = () => {
    stopping.abort('interrupted')
    return ended
  }
  t.teardown(stop)
  return {
    async printed(what) {
      await until(`${what} on the screen`, () => output.search(what) >= 0)
      return output
    },
    stop,
    ended,
  }
}

test('with --chats, to be stopped before they are decided is no success', async (t) => {
  const sandbox = startSandbox(t, 500)
  await sandbox.printed(FIRST_DECISION)
  t.equal(await sandbox.stop(), 130)
  await sandbox.printed(/chats?, \d+ of them decided|chats?, each with its decision/)
})

test('a database that cannot be reached is a message without the password, and exit code 1', async (t) => {
  const sandbox = startSandbox(t, undefined, 'postgresql://router:canary@127.0.0.1:1/none')
  t.equal(await sandbox.ended, 1)
  const output = await sandbox.printed('The Postgres of DATABASE_URL did not do "CREATE DATABASE')
  t.notMatch(output, /canary|\n\s+at /)
})
