import { RULES_MAX } from '../domain/given-rules.ts'
import type { Problem } from '../domain/problem.ts'
import type { LiveRule, RuleDocument } from '../domain/rule.ts'
import { type RuleNotice, redTest, uncheckedDepartment } from '../domain/rule-notice.ts'
import type { Identity } from './authenticate.ts'
import {
  askOnce,
  checkDepartment,
  type DepartmentCheck,
  departmentProblems,
  type ListDepartments,
} from './check-department.ts'
import { type RuleInput, readRuleInput } from './read-rule-input.ts'
import type { LiveRules, RuleAction, RuleBook, StoredRule } from './rule-book.ts'
import { type WarnDependencies, warnAboutRules } from './warn-about-rules.ts'

export interface ChangeDependencies extends WarnDependencies {
  readonly live: LiveRules
  readonly book: RuleBook
  readonly listDepartments: ListDepartments
  /** The port for past versions; `adapters/prisma/rule-reader.ts` implements it. */
  readonly history: { findDocument(key: string, version: number): Promise<RuleDocument | undefined> }
}

/** The versions one of which the rule must still have; `any` leaves it open. */
export type ExpectedVersion = readonly number[] | 'any'

export type Refusal =
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  /** The rule is valid, but an enabled rule must pass its tests. */
  | { readonly kind: 'red_tests'; readonly problems: readonly Problem[] }
  | { readonly kind: 'exists' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'stale'; readonly version: number }
  /** The rule has been deleted, and a version was expected of it. */
  | { readonly kind: 'gone' }

export type RuleWrite =
  | { readonly kind: 'written'; readonly rule: StoredRule; readonly warnings: readonly RuleNotice[] }
  | Refusal

export type Deletion = { readonly kind: 'deleted' } | Refusal

/** Stores a new rule. */
export async function createRule(deps: ChangeDependencies, input: unknown, by: Identity): Promise<RuleWrite> {
  return store(deps, await readRuleInput(input), 'rule.created', by, (live, count) => {
    if (live !== undefined) return { kind: 'exists' }
    return count < RULES_MAX ? undefined : { kind: 'invalid', problems: [TOO_MANY] }
  })
}

/** Puts a document in the place of a rule's. */
export async function replaceRule(
  deps: ChangeDependencies,
  key: string,
  input: unknown,
  expected: ExpectedVersion,
  by: Identity,
): Promise<RuleWrite> {
  return store(deps, await readRuleInput(input, key), 'rule.changed', by, (live) => guard(live, expected))
}

/** Makes the document of a past version the newest one. A deleted rule comes back by it, unless a version is expected of it. */
export async function rollBackRule(
  deps: ChangeDependencies,
  key: string,
  version: number,
  expected: ExpectedVersion,
  by: Identity,
): Promise<RuleWrite> {
  const document = await deps.history.findDocument(key, version)
  if (document === undefined) return { kind: 'missing' }
  // Read like any other: what was valid once may not be so for this version of the service.
  return store(deps, await readRuleInput(document), 'rule.rolled_back', by, (live, count) => {
    if (live !== undefined) return guard(live, expected)
    if (expected !== 'any') return { kind: 'gone' }
    return count < RULES_MAX ? undefined : { kind: 'invalid', problems: [TOO_MANY] }
  })
}

/** Deletes a rule; its versions stay. */
export async function deleteRule(
  { live, book }: Pick<ChangeDependencies, 'live' | 'book'>,
  key: string,
  expected: ExpectedVersion,
  by: Identity,
): Promise<Deletion> {
  for (;;) {
    const { version: base, rules } = await live.read()
    const refusal = guard(rules.find(({ rule }) => rule.document.key === key)?.rule, expected)
    if (refusal !== undefined) return refusal
    const applied = await book.apply(base, [{ key, document: null, action: 'rule.deleted' }], by)
    if (applied.kind === 'applied') return { kind: 'deleted' }
  }
}

const TOO_MANY: Problem = {
  pointer: '',
  message: `There are ${RULES_MAX} rules already, the most there can be. Delete one first.`,
}

function guard(live: LiveRule | undefined, expected: ExpectedVersion): Refusal | undefined {
  if (live === undefined) return { kind: 'missing' }
  if (expected === 'any' || expected.includes(live.version)) return undefined
  return { kind: 'stale', version: live.version }
}

/** Writes a rule unless `check` refuses. A round that comes too late is somebody else's success, so all of them get on. */
async function store(
  deps: ChangeDependencies,
  input: RuleInput,
  action: RuleAction,
  by: Identity,
  check: (live: LiveRule | undefined, count: number) => Refusal | undefined,
): Promise<RuleWrite> {
  if (input.kind === 'invalid') {
    const stored = (await deps.live.read()).rules.map((compiled) => compiled.rule.document)
    const unknown = await departmentProblems(deps.listDepartments, input.document, stored)
    return { kind: 'invalid', problems: [...input.problems, ...unknown] }
  }
  const { rule, redTests } = input
  const listDepartments = askOnce(deps.listDepartments)
  for (;;) {
    const { version: base, rules } = await deps.live.read()
    const before = rules.find((compiled) => compiled.rule.document.key === rule.key)?.rule
    const department = await checkDepartment(listDepartments, rule.department)
    const refusal = check(before, rules.length) ?? refuseContent(input, before, department)
    if (refusal !== undefined) return refusal
    const applied = await deps.book.apply(base, [{ key: rule.key, document: rule, action }], by)
    const [stored] = applied.kind === 'applied' ? applied.rules : []
    if (stored === undefined) continue
    const others = rules.map((compiled) => compiled.rule.document).filter(({ key }) => key !== rule.key)
    const warnings = [
      ...redTests.map((problem) => redTest(rule, problem)),
      ...(department.kind === 'unreachable' ? [uncheckedDepartment(rule)] : []),
      ...(await warnAboutRules(deps, [...others, rule], department.ids, rule.key)),
    ]
    return { kind: 'written', rule: stored, warnings }
  }
}

/** A department that has gone since it was set is worth a warning: disabling the rule must stay possible. */
function refuseContent(
  { rule, redTests }: Extract<RuleInput, { kind: 'valid' }>,
  before: LiveRule | undefined,
  department: DepartmentCheck,
): Refusal | undefined {
  const red = rule.status === 'enabled' ? redTests : []
  if (department.kind === 'unknown' && before?.document.department !== rule.department) {
    return { kind: 'invalid', problems: [{ pointer: '/department', message: department.problem }, ...red] }
  }
  return red.length > 0 ? { kind: 'red_tests', problems: red } : undefined
}
