import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { inherited } from './start-command.ts'

const MAIN = fileURLToPath(import.meta.resolve('../../src/main.ts'))

/** How a start of the service ended. */
export interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Waits until the child's stdout holds this text. */
export type Said = (text: string) => Promise<void>

/** Starts the service as `npm start` does, in an empty folder with this `.env` at most, and waits until it has ended. */
export async function runMain(
  t: Test,
  env: Readonly<Record<string, string>>,
  options: {
    readonly dotenv?: string | Buffer
    readonly dotenvIsFolder?: true
    readonly meanwhile?: (child: ChildProcess, said: Said) => unknown
  } = {},
): Promise<Ending> {
  const cwd = await mkdtemp(join(tmpdir(), 'helpcrunch-router-start-'))
  t.teardown(() => rm(cwd, { recursive: true }))
  if (options.dotenv !== undefined) await writeFile(join(cwd, '.env'), options.dotenv)
  if (options.dotenvIsFolder) await mkdir(join(cwd, '.env'))
  const child = spawn(process.execPath, [MAIN], { cwd, env: { ...inherited(), ...env }, timeout: 120_000 })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  const said: Said = async (text) => {
    while (!stdout.includes(text)) await once(child.stdout, 'data')
  }
  options.meanwhile?.(child, said)
  const [[code], stderr] = await Promise.all([once(child, 'close') as Promise<[number | null]>, text(child.stderr)])
  return { code, stdout, stderr }
}
