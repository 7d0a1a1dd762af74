import { isJsonObject } from '../domain/json-object.ts'
import type { Problem } from '../domain/problem.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { type DepartmentList, JUST_LISTED_MS } from './list-departments.ts'

/** Gives HelpCrunch's departments, cached or, with `refresh`, from just now; undefined when there never was an answer. */
export type ListDepartments = (refresh: boolean) => Promise<DepartmentList | undefined>

/** `ids` are all departments there are, where that is certain. */
export type DepartmentCheck =
  | { readonly kind: 'known'; readonly ids: ReadonlySet<number> }
  | { readonly kind: 'unknown'; readonly ids: ReadonlySet<number>; readonly problem: string }
  | { readonly kind: 'unreachable'; readonly ids: undefined }

const NAMED_MAX = 20

/** Whether HelpCrunch has a department. One that is not in the cached list may be new, so HelpCrunch is asked before it is called unknown. */
export async function checkDepartment(listDepartments: ListDepartments, id: number): Promise<DepartmentCheck> {
  const cached = await listDepartments(false)
  if (cached === undefined) return { kind: 'unreachable', ids: undefined } // it has just been asked for in vain
  if (idsOf(cached).has(id)) return { kind: 'known', ids: idsOf(cached) }
  const list = cached.ageMs <= JUST_LISTED_MS ? cached : await listDepartments(true)
  if (list === undefined) return { kind: 'unreachable', ids: undefined }
  const ids = idsOf(list)
  if (ids.has(id)) return { kind: 'known', ids }
  if (list.ageMs > JUST_LISTED_MS) return { kind: 'unreachable', ids: undefined }
  return { kind: 'unknown', ids, problem: describe(list, id) }
}

/**
 * What is wrong with the department of a document that has other problems too, so that all are told at once. One that a
 * stored rule names was there, and may only have gone.
 */
export async function departmentProblems(
  listDepartments: ListDepartments,
  document: unknown,
  stored: readonly RuleDocument[],
): Promise<Problem[]> {
  const id = isJsonObject(document) ? document.department : undefined
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return [] // told already
  if (stored.some(({ department }) => department === id)) return []
  const check = await checkDepartment(listDepartments, id)
  return check.kind === 'unknown' ? [{ pointer: '/department', message: check.problem }] : []
}

/** Asks at most once for each answer: a request about many rules costs the account's budget no more than one about a single rule. */
export function askOnce(listDepartments: ListDepartments): ListDepartments {
  const answers = new Map<boolean, ReturnType<ListDepartments>>()
  return (refresh) => {
    const answer = answers.get(refresh) ?? listDepartments(refresh)
    answers.set(refresh, answer)
    return answer
  }
}

function idsOf({ departments }: DepartmentList): ReadonlySet<number> {
  return new Set(departments.map(({ id }) => id))
}

function describe({ departments }: DepartmentList, id: number): string {
  const names = departments.slice(0, NAMED_MAX).map((department) => `${department.id} (${department.name})`)
  const rest = departments.length > NAMED_MAX ? ', ... (GET /v1/departments has all)' : ''
  const advice = names.length === 0 ? 'Create one there first.' : `Use one of: ${names.join(', ')}${rest}.`
  return `HelpCrunch has no department ${id}. ${advice}`
}
