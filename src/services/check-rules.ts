import { isJsonObject } from '../domain/json-object.ts'
import { MORE_PROBLEMS, PROBLEMS_MAX, type Problem, pointerTo, quoted } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { type RuleNotice, redTest, uncheckedDepartment } from '../domain/rule-notice.ts'
import { askOnce, checkDepartment, departmentProblems, type ListDepartments } from './check-department.ts'
import { createPause } from './create-pause.ts'
import { readRuleInput } from './read-rule-input.ts'
import type { LiveRules } from './rule-book.ts'
import { type WarnDependencies, warnAboutRules } from './warn-about-rules.ts'

export interface CheckDependencies extends WarnDependencies {
  readonly live: LiveRules
  readonly listDepartments: ListDepartments
}

/** What a write would refuse, with pointers into the request, and what it would warn of. */
export interface RuleCheck {
  readonly errors: readonly Problem[]
  readonly warnings: readonly RuleNotice[]
}

/** Checks one rule as if it were written, beside the rules in force. Writes nothing. */
export async function checkRule(deps: CheckDependencies, input: unknown): Promise<RuleCheck> {
  const { rules } = await deps.live.read()
  const others = rules.map(({ rule }) => rule.document)
  const checked = await checkOne(deps.listDepartments, input, '/rule', others)
  if (checked.rule === undefined) return checked
  const { key } = checked.rule
  const set = [...others.filter((other) => other.key !== key), checked.rule]
  const found = await warnAboutRules(deps, set, checked.departments, key)
  return { errors: checked.errors, warnings: [...checked.warnings, ...withoutErrors(found, [checked])] }
}

/** Checks rules as if they were all there are. Writes nothing. */
export async function checkRules(deps: CheckDependencies, inputs: readonly unknown[]): Promise<RuleCheck> {
  const { rules } = await deps.live.read()
  const stored = rules.map(({ rule }) => rule.document)
  const set = await readRuleSet(deps.listDepartments, inputs, stored)
  return { errors: set.errors, warnings: await warnAboutSet(deps, set) }
}

/** Rules that are to be all there are, and what a write of them would refuse. */
export interface RuleSetInput {
  /** Those that are valid, by key. */
  readonly rules: ReadonlyMap<string, RuleDocument>
  readonly errors: readonly Problem[]
  readonly checked: readonly CheckedRule[]
}

/** Reads them, with pointers into the request. `stored` are the rules in their place now. */
export async function readRuleSet(
  departments: ListDepartments,
  inputs: readonly unknown[],
  stored: readonly RuleDocument[],
): Promise<RuleSetInput> {
  const listDepartments = askOnce(departments)
  const checked: CheckedRule[] = []
  const errors: Problem[] = []
  const pause = createPause()
  for (const [index, input] of inputs.entries()) {
    await pause()
    const one = await checkOne(listDepartments, input, pointerTo('/rules', index), stored)
    checked.push(one)
    errors.push(...one.errors)
    if (errors.length <= PROBLEMS_MAX) continue
    errors.push(MORE_PROBLEMS)
    break
  }
  const rules = new Map(checked.flatMap(({ rule }) => (rule === undefined ? [] : [[rule.key, rule]])))
  return { rules, errors: [...errors, ...keysUsedTwice(inputs)], checked }
}

/** What is likely not meant in them. */
export async function warnAboutSet(deps: WarnDependencies, { rules, checked }: RuleSetInput): Promise<RuleNotice[]> {
  const { departments } = checked.find((one) => one.departments !== undefined) ?? {}
  const found = rules.size === 0 ? [] : await warnAboutRules(deps, [...rules.values()], departments)
  return [...checked.flatMap(({ warnings }) => warnings), ...withoutErrors(found, checked)]
}

interface CheckedRule extends RuleCheck {
  /** Undefined when it is not valid. */
  readonly rule: RuleDocument | undefined
  /** All departments there are, where that is certain. */
  readonly departments: ReadonlySet<number> | undefined
}

async function checkOne(
  listDepartments: ListDepartments,
  input: unknown,
  pointer: string,
  stored: readonly RuleDocument[],
): Promise<CheckedRule> {
  const at = (problem: Problem) => ({ ...problem, pointer: pointer + problem.pointer })
  const reading = await readRuleInput(input)
  if (reading.kind === 'invalid') {
    const unknown = await departmentProblems(listDepartments, reading.document, stored)
    return { errors: [...reading.problems, ...unknown].map(at), warnings: [], rule: undefined, departments: undefined }
  }
  const { rule, redTests } = reading
  const department = await checkDepartment(listDepartments, rule.department)
  const before = stored.find(({ key }) => key === rule.key)
  const isNew = before?.department !== rule.department
  const enabled = rule.status === 'enabled'
  const unknown =
    department.kind === 'unknown' && isNew ? [{ pointer: '/department', message: department.problem }] : []
  return {
    errors: [...unknown, ...(enabled ? redTests : [])].map(at),
    warnings: [
      ...(enabled ? [] : redTests.map((problem) => redTest(rule, problem))),
      ...(department.kind === 'unreachable' ? [uncheckedDepartment(rule)] : []),
    ],
    rule,
    departments: department.ids,
  }
}

/** What is an error already need not be warned of as well. */
function withoutErrors(found: readonly RuleNotice[], checked: readonly CheckedRule[]): RuleNotice[] {
  const lost = checked.filter(({ errors }) => errors.some(({ pointer }) => pointer.endsWith('/department')))
  const keys = new Set(lost.map(({ rule }) => rule?.key))
  return found.filter(({ code, rule }) => code !== 'unknown_department' || !keys.has(rule))
}

function keysUsedTwice(inputs: readonly unknown[]): Problem[] {
  const seen = new Set<string>()
  return inputs.flatMap((input, index) => {
    const key = isJsonObject(input) && typeof input.key === 'string' ? input.key : undefined
    if (key === undefined || (!seen.has(key) && seen.add(key))) return []
    const message = `Another rule here has the key ${quoted(key)} too. Give each rule a key of its own.`
    return [{ pointer: pointerTo(pointerTo('/rules', index), 'key'), message }]
  })
}
