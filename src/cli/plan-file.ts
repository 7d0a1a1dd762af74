import { readFile, writeFile } from 'node:fs/promises'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { RuleDocument } from '../domain/rule.ts'
import { readUtf8 } from '../domain/utf8.ts'
import { readRuleFiles } from '../services/import-rules.ts'
import { CommandError } from './command-error.ts'
import type { Fingerprints } from './plan-changes.ts'
import { problemLine } from './rules-folder.ts'

const PlanFile = Type.Object({
  plan: Type.Literal('helpcrunch-router rules 1'),
  seen: Type.Record(Type.String(), Type.String()),
  rules: Type.Array(Type.Unknown()),
})

/** A plan to be carried out later: the rules that are wanted, and what the service had when it was made. */
export interface KeptPlan {
  readonly seen: Fingerprints
  readonly rules: readonly RuleDocument[]
}

/** Keeps a plan in a file. Throws a `CommandError` when it cannot be written. */
export async function writePlanFile(file: string, { seen, rules }: KeptPlan): Promise<void> {
  const text = JSON.stringify({ plan: 'helpcrunch-router rules 1', seen, rules }, null, 2)
  await writeFile(file, `${text}\n`).catch((cause: unknown) => {
    throw new CommandError(`The plan could not be kept: ${reasonOf(cause)}. Name another file: --out <file>.`, {
      cause,
    })
  })
}

/** Reads a plan that `writePlanFile` kept. Throws a `CommandError` when the file holds no plan, or one with invalid rules. */
export async function readPlanFile(file: string): Promise<KeptPlan> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const hint = 'Name a file that "plan --out" has kept; a folder of rules follows --dir.'
    throw new CommandError(`The plan ${file} cannot be read: ${reasonOf(cause)}. ${hint}`, { cause })
  })
  const json = parsed(readUtf8(bytes) ?? '')
  if (!Check(PlanFile, json))
    throw new CommandError(`${file} holds no plan. "npm run rules -- plan --out ${file}" makes one.`)
  const entries = json.rules.map((rule, index) => ({
    file: `${file}:/rules/${index}`,
    json: rule,
    problem: undefined,
  }))
  const reading = await readRuleFiles(entries)
  if (reading.kind === 'valid') return { seen: json.seen, rules: reading.rules }
  throw new CommandError(`The plan cannot be carried out:\n${reading.problems.map(problemLine).join('\n')}`)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
