import { readId, readText } from '../domain/helpcrunch-values.ts'
import { isJsonObject } from '../domain/json-object.ts'
import { type BodyVerdict, type CallResult, judgeBody } from '../domain/retry-policy.ts'
import { type CallDependencies, callHelpcrunch } from './call-helpcrunch.ts'

export interface Department {
  readonly id: number
  readonly name: string
}

export interface DepartmentList {
  readonly departments: readonly Department[]
  readonly fetchedAt: Date
  readonly ageMs: number
}

/** The port for what was listed last; `adapters/prisma/department-store.ts` implements it. */
export interface DepartmentCache {
  /** Undefined before the first listing. */
  read(): Promise<DepartmentList | undefined>
  replace(departments: readonly Department[]): Promise<DepartmentList>
}

export interface DepartmentDependencies extends CallDependencies {
  readonly departments: DepartmentCache
}

/** Departments are made a few times a year; a person who has just made one asks for a refresh. */
const AGE_MS_MAX = 3_600_000
/** A list as young as this is given as it is, also on a refresh; and for so long nobody asks again who was not told. */
export const JUST_LISTED_MS = 10_000
/** HelpCrunch's largest page (page "Get departments"). */
const PAGE_SIZE = 100
const PAGES_MAX = 50
const NOT_LISTED = 'HelpCrunch refuses to list departments for this API key: those of rules are not checked.'
const NOTHING_THERE =
  'There is no list of departments at HELPCRUNCH_API_URL: it must lead to the API, with its version.'

/**
 * Makes what gives HelpCrunch's departments, listed at most an hour ago, or at most `JUST_LISTED_MS` ago where a refresh is asked
 * for: viewers must not be able to use up the account's calls, nor by asking for what HelpCrunch does not tell. Who asks while HelpCrunch
 * is being asked waits for the same reply. When HelpCrunch cannot be asked, it gives the last list; undefined when there is none.
 */
export function createDepartmentLister(
  deps: DepartmentDependencies,
): (refresh: boolean) => Promise<DepartmentList | undefined> {
  let asking: Promise<DepartmentList | undefined> | undefined
  let failedAtMs = Number.NEGATIVE_INFINITY
  return async (refresh) => {
    const cached = await deps.departments.read()
    if (cached !== undefined && cached.ageMs <= (refresh ? JUST_LISTED_MS : AGE_MS_MAX)) return cached
    if (performance.now() - failedAtMs <= JUST_LISTED_MS) return cached
    asking ??= listAnew(deps).finally(() => {
      asking = undefined
    })
    const listed = await asking
    if (listed === undefined) failedAtMs = performance.now()
    return listed ?? cached
  }
}

async function listAnew(deps: DepartmentDependencies): Promise<DepartmentList | undefined> {
  const listed = await fetchAll(deps)
  return listed && deps.departments.replace(listed)
}

async function fetchAll(deps: DepartmentDependencies): Promise<Department[] | undefined> {
  const all = new Map<number, Department>()
  let offset = 0
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const page = await fetchPage(deps, offset)
    if (page === undefined) return undefined
    const knownBefore = all.size
    for (const department of page.departments) all.set(department.id, department)
    offset += page.entries
    // Without a total a short page is the end; with one its pages may be shorter than we asked for. And an offset may be ignored.
    if (all.size === knownBefore || (page.entries < PAGE_SIZE && offset >= page.total)) break
  }
  // In the order in which they are kept: what goes through them in pages must not meet another one on the way.
  return [...all.values()].toSorted((a, b) => a.id - b.id)
}

async function fetchPage(deps: DepartmentDependencies, offset: number): Promise<Page | undefined> {
  const path = `/departments?offset=${offset}&limit=${PAGE_SIZE}`
  const call = await callHelpcrunch(deps, { kind: 'look_up' }, { method: 'GET', path }, judgePage)
  if (call.kind !== 'answered') return undefined
  const { verdict, result } = call
  if (verdict.kind === 'refused') {
    const status = result.kind === 'response' ? result.status : undefined
    deps.log.warn({ status, problem: status === 404 ? NOTHING_THERE : NOT_LISTED }, 'departments.not_listed')
  }
  return verdict.kind === 'done' ? verdict.value : undefined
}

interface Page {
  readonly departments: readonly Department[]
  /** Also those that could not be read. */
  readonly entries: number
  /** 0 where it is not told. */
  readonly total: number
}

function judgePage(result: CallResult): BodyVerdict<Page> {
  // A key that may not list departments may still look at chats and move them: no reason to stop all calls. One that has been
  // revoked is found out by the next call for a chat.
  if (result.kind === 'response' && result.status === 403) return { kind: 'refused' }
  return judgeBody(result, readPage)
}

/** A list none of whose entries is a department is another list. */
function readPage(json: unknown): Page | undefined {
  if (!isJsonObject(json) || !Array.isArray(json.data)) return undefined
  const entries = json.data.length
  const departments = json.data.flatMap((item) => {
    const id = isJsonObject(item) ? readId(item.id) : undefined
    return id === undefined ? [] : [{ id, name: readText(item.name) ?? `Department ${id}` }]
  })
  if (entries > 0 && departments.length === 0) return undefined
  const total = readId(isJsonObject(json.meta) ? json.meta.total : json.total) ?? 0 // in either place, depending on the list
  return { departments, entries, total }
}
