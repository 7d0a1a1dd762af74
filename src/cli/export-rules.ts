import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../domain/json-object.ts'
import type { RuleFile } from '../services/import-rules.ts'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'
import type { Settings } from './read-arguments.ts'
import { createRouterClient, type StoredRule } from './router-client.ts'
import { ruleText } from './rule-text.ts'
import { counted, readFolder } from './rules-folder.ts'

/** `rules export`: writes the rules of the service into the folder. Files that hold no rule are never touched. */
export async function exportRules(settings: Settings, output: Output): Promise<number> {
  const { rules: stored } = await createRouterClient(settings).rules()
  await orCommandError(mkdir(settings.dir, { recursive: true }))
  const plan = planFiles(stored, await readFolder(settings.dir), await readdir(settings.dir), settings.dir)
  for (const { file, text } of plan.written) await orCommandError(writeFile(file, text))
  if (settings.prune) for (const file of plan.extra) await orCommandError(rm(file))
  const written = plan.written.map(({ file }) => file)
  const removed = settings.prune ? plan.extra : []
  const kept = settings.prune ? [] : plan.extra
  if (settings.json) {
    output.line(JSON.stringify({ written, removed, kept, unchanged: plan.unchanged }, null, 2))
    return 0
  }
  for (const file of written) output.line(`${output.paint('green', 'written')} ${file}`)
  for (const file of removed) output.line(`${output.paint('red', 'removed')} ${file}`)
  for (const file of kept) {
    output.line(
      `${output.paint('yellow', 'kept')}    ${file}, whose rule the service does not have (--prune removes it)`,
    )
  }
  output.line(`${counted(stored.length, 'rule')}: ${written.length} written, ${plan.unchanged} unchanged`)
  return 0
}

/** What the file system refuses, as the one line that a command ends with. */
async function orCommandError(change: Promise<unknown>): Promise<void> {
  await change.catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`The rules cannot be written: ${reason}. Name another folder: --dir <folder>.`)
  })
}

interface FilesPlan {
  readonly written: readonly { readonly file: string; readonly text: string }[]
  /** How many rules have a file that says the same, whatever its layout. */
  readonly unchanged: number
  /** The files of rules that the service does not have. */
  readonly extra: readonly string[]
}

/** A rule stays in the file that it has, whatever that is called; a new one gets a file named for its key. */
function planFiles(
  stored: readonly StoredRule[],
  files: readonly RuleFile[],
  taken: readonly string[],
  dir: string,
): FilesPlan {
  const written: { file: string; text: string }[] = []
  for (const { document } of stored) {
    const [own, copy] = files.filter(({ json }) => keyOf(json) === document.key)
    if (own !== undefined && copy !== undefined) {
      throw new CommandError(
        `${own.file} and ${copy.file} both hold the rule "${document.key}". Keep one; nothing was written.`,
      )
    }
    if (own === undefined && taken.includes(`${document.key}.json`)) {
      const file = join(dir, `${document.key}.json`)
      const unread = files.find((read) => read.file === file)?.problem
      throw new CommandError(
        unread === undefined
          ? `${file} holds something other than the rule "${document.key}". Move it; nothing was written.`
          : `${file}: ${unread}. Mend or move it; nothing was written.`,
      )
    }
    if (own !== undefined && isDeepStrictEqual(own.json, document)) continue
    written.push({ file: own?.file ?? join(dir, `${document.key}.json`), text: ruleText(document) })
  }
  const keys = new Set(stored.map(({ document }) => document.key))
  const extra = files.filter(({ json }) => keyOf(json) !== undefined && !keys.has(keyOf(json) ?? ''))
  return { written, unchanged: stored.length - written.length, extra: extra.map(({ file }) => file) }
}

/** The key of the rule that a file holds, be the rule valid or not; undefined for a file that holds none. */
function keyOf(json: unknown): string | undefined {
  return isJsonObject(json) && typeof json.key === 'string' && 'conditions' in json ? json.key : undefined
}
