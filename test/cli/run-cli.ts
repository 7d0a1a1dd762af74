import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runRules } from '../../src/cli/run-rules.ts'

export interface CliRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `rules` with these arguments, without colours, and tells all that it said. */
export async function runCli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  const out: string[] = []
  const err: string[] = []
  const code = await runRules(args, env, {
    colour: false,
    line: (text) => out.push(text),
    problem: (text) => err.push(text),
    paint: (_format, text) => text,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

/** A folder with files of exactly this text, gone when the test ends. */
export async function makeFolder(t: Test, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-cli-'))
  t.teardown(() => rm(dir, { recursive: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  return dir
}

/** The text of every file of a folder, by name. */
export async function readFiles(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).sort()
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name), 'utf8')])),
  )
}
