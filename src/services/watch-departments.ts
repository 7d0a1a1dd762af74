import type { ListDepartments } from './check-department.ts'
import type { Log } from './log.ts'
import type { LiveRules } from './rule-book.ts'

/** Among the losses; no key of a rule has a space. */
const DEFAULT = 'the default'

/** Makes a check for departments that HelpCrunch no longer has, of rules and by default; each loss is told to the log once, until it is mended. */
export function createDepartmentWatch(deps: {
  readonly live: LiveRules
  readonly listDepartments: ListDepartments
  readonly defaultDepartmentId: number | undefined
  readonly log: Log
}): () => Promise<void> {
  let told = new Set<string>()
  return async () => {
    const list = await deps.listDepartments(false)
    if (list === undefined) return
    const ids = new Set(list.departments.map(({ id }) => id))
    const { rules } = await deps.live.read()
    const now = new Set<string>()
    for (const { rule } of rules) {
      const { key, status, department } = rule.document
      if (ids.has(department) || (status !== 'enabled' && status !== 'shadow')) continue
      const loss = `${key} ${department}`
      now.add(loss)
      if (!told.has(loss)) deps.log.warn({ rule: key, status, department }, 'rule.department_lost')
    }
    const { defaultDepartmentId } = deps
    if (defaultDepartmentId !== undefined && !ids.has(defaultDepartmentId)) {
      now.add(DEFAULT)
      if (!told.has(DEFAULT)) deps.log.warn({ department: defaultDepartmentId }, 'default_department.lost')
    }
    told = now
  }
}
