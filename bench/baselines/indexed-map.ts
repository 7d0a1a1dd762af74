import type { Facts } from '../../src/domain/facts.ts'
import { routedBy } from '../support/rule-sets.ts'

/** What one would write by hand for rules of this one shape: a map from language, plan and tag to the department. */
export function createIndexedMap(count: number): (facts: Facts) => Promise<number | undefined> {
  const departments = new Map<string, number>()
  for (let index = 0; index < count; index++) {
    const { language, plan, tag } = routedBy(index)
    departments.set(`${language} ${plan} ${tag}`, 10 + (index % 20))
  }
  return async ({ language, plan, tags }) => {
    const list = typeof tags === 'object' ? (tags ?? []) : []
    for (const tag of list) {
      const department = departments.get(`${language} ${plan} ${tag}`)
      if (department !== undefined) return department
    }
    return undefined
  }
}
