import { readRulesDir } from '../adapters/rule-files.ts'
import { isJsonObject } from '../domain/json-object.ts'
import type { Problem } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { type FileProblem, type RuleFile, readRuleFiles } from '../services/import-rules.ts'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'

/** The files of the folder as they are. Throws a `CommandError` when it cannot be read. */
export async function readFolder(dir: string): Promise<RuleFile[]> {
  try {
    return await readRulesDir(dir)
  } catch (error) {
    const code = isJsonObject(error) ? ` (${String(error.code)})` : ''
    throw new CommandError(
      `The folder ${dir} cannot be read${code}. Name the one with your rule files: --dir <folder>.`,
    )
  }
}

/** The rules of the folder; undefined, with all problems told, when they are not fit to be put into force. */
export async function readValidFolder(dir: string, output: Output): Promise<readonly RuleDocument[] | undefined> {
  const reading = await readRuleFiles(await readFolder(dir))
  if (reading.kind === 'valid') return reading.rules
  for (const problem of reading.problems) output.problem(problemLine(problem))
  output.problem(`${counted(reading.problems.length, 'problem')}. Nothing was changed.`)
  return undefined
}

/** `rules/vip.json:/priority: It is 0. ...` */
export function problemLine({ file, pointer, message }: FileProblem): string {
  return `${placeOf(file, { pointer })}: ${message}`
}

/** A place in a file, as `rules/vip.json:/priority`. */
export function placeOf(file: string, { pointer }: Pick<Problem, 'pointer'>): string {
  return pointer === '' ? file : `${file}:${pointer}`
}

/** `1 rule`, `2 rules`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
