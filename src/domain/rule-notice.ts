import { type Static, Type } from 'typebox'
import { RuleWarning, WarningCode } from './analysis/rule-warning.ts'
import type { Problem } from './problem.ts'
import type { RuleDocument } from './rule.ts'

/** What the API warns of: what the analysis finds, and what only a running service can tell. None keeps a rule from being stored. */
export const RuleNotice = Type.Object(
  {
    ...RuleWarning.properties,
    code: Type.Enum([...WarningCode.enum, 'department_unchecked', 'red_test', 'not_analysed']),
  },
  { additionalProperties: false, description: 'A warning about a rule.' },
)
export type RuleNotice = Static<typeof RuleNotice>

/** HelpCrunch does not have the rule's department, or not any more. */
export function lostDepartment({ key, department }: Pick<RuleDocument, 'key' | 'department'>): RuleNotice {
  const message = `HelpCrunch has no department ${department}, so chats are not moved there. Choose another department, or disable the rule.`
  return notice(key, 'unknown_department', '/department', message)
}

/** HelpCrunch could not be asked whether it has the department. */
export function uncheckedDepartment({ key, department }: RuleDocument): RuleNotice {
  const message = `HelpCrunch could not be asked whether it has a department ${department}. Check the id.`
  return { ...notice(key, 'department_unchecked', '/department', message), certainty: 'may' }
}

/** A test fails, which keeps the rule from being enabled. */
export function redTest({ key }: RuleDocument, { pointer, message }: Problem): RuleNotice {
  return notice(key, 'red_test', pointer, message)
}

/** The analysis took too long or failed, so that nobody knows what it would have found. */
export function notAnalysed(key: string): RuleNotice {
  const message = 'The rules could not be analysed in the time of a request. "npm run rules -- lint" takes its time.'
  return { ...notice(key, 'not_analysed', '', message), certainty: 'may' }
}

function notice(rule: string, code: RuleNotice['code'], pointer: string, message: string): RuleNotice {
  return { rule, code, pointer, message, certainty: 'certain', others: [], witness: null }
}
