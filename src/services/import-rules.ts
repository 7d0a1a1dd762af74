import type { Problem } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { readRule } from '../domain/validate-rule.ts'
import type { Log } from './log.ts'
import { findRedTests } from './red-tests.ts'

/** A rule file as it was found; `json` is undefined when it could not be read, and `problem` says why. */
export interface RuleFile {
  readonly file: string
  readonly json: unknown
  readonly problem: string | undefined
}

export interface FileProblem extends Problem {
  readonly file: string
}

export type RuleFilesReading =
  | { readonly kind: 'valid'; readonly rules: readonly RuleDocument[] }
  | { readonly kind: 'invalid'; readonly problems: readonly FileProblem[] }

/** The port to the stored rules; `adapters/prisma/ruleset-store.ts` implements it. */
export interface RuleImportTarget {
  isEmpty(): Promise<boolean>
  /** Stores the rules as rule-set version 1, once. */
  importAll(rules: readonly RuleDocument[], author: string): Promise<{ imported: number }>
}

export type RuleImport =
  /** There are rules already, or no files. */
  | { readonly kind: 'not_needed' }
  | { readonly kind: 'imported'; readonly count: number }
  | { readonly kind: 'invalid'; readonly problems: readonly FileProblem[] }

/** Imports the rule files when there are no rules yet: all of them, or none when one is wrong. */
export async function importRules(
  target: RuleImportTarget,
  readFiles: () => Promise<readonly RuleFile[]>,
  log: Log,
): Promise<RuleImport> {
  if (!(await target.isEmpty())) return { kind: 'not_needed' }
  const reading = await readRuleFiles(await readFiles())
  if (reading.kind === 'invalid') return reading
  if (reading.rules.length === 0) return { kind: 'not_needed' } // files that are added later are still imported, once
  const { imported } = await target.importAll(reading.rules, 'import')
  log.info({ rules: imported }, 'rules.imported')
  return { kind: 'imported', count: imported }
}

/** Validates rule files and runs their tests: all problems of all files at once. */
export async function readRuleFiles(files: readonly RuleFile[]): Promise<RuleFilesReading> {
  const problems: FileProblem[] = []
  const rules: RuleDocument[] = []
  const fileOf = new Map<string, string>()
  for (const { file, json, problem } of files) {
    if (problem !== undefined) {
      problems.push({
        file,
        pointer: '',
        message: `${problem}. Fix the file, or take it out of the folder.`,
      })
      continue
    }
    const reading = readRule(json)
    if (reading.kind === 'invalid') {
      problems.push(...reading.problems.map((problem) => ({ file, ...problem })))
      continue
    }
    const { rule } = reading
    const other = fileOf.get(rule.key)
    if (other !== undefined) {
      problems.push({
        file,
        pointer: '/key',
        message: `${other} has the key "${rule.key}" too. Give each rule a key of its own.`,
      })
    }
    fileOf.set(rule.key, file)
    if (rule.status === 'enabled') problems.push(...(await findRedTests(rule)).map((problem) => ({ file, ...problem })))
    rules.push(rule)
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'valid', rules }
}
