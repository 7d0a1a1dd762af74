import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { RuleDocument } from '../domain/rule.ts'
import { RuleNotice } from '../domain/rule-notice.ts'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'
import type { Change } from './plan-changes.ts'
import type { RouterClient } from './router-client.ts'
import { placeOf } from './rules-folder.ts'
import { warningText } from './warning-text.ts'

/** What only the service can tell, since it knows HelpCrunch's departments and the values seen lately. */
export interface ChangesCheck {
  /** For these it would refuse the rules. */
  readonly errors: readonly { readonly rule: string; readonly pointer: string; readonly message: string }[]
  /** About rules that change, or naming one. */
  readonly warnings: readonly RuleNotice[]
}

/** Lets the service check the wanted rules as if they were all there are. Throws a `CommandError` when it cannot. */
export async function checkChanges(
  client: RouterClient,
  wanted: readonly RuleDocument[],
  changes: readonly Change[],
): Promise<ChangesCheck> {
  const answer = await client.compute('/v1/rules/check', { rules: wanted })
  if (!Check(Answer, answer)) throw new CommandError('The check of the rules was not answered as this version expects.')
  const changed = new Set(changes.map(({ key }) => key))
  return {
    errors: answer.errors.map(({ pointer, message }) => ({ ...locate(pointer, wanted), message })),
    warnings: answer.warnings.filter(({ rule, others }) => [rule, ...others].some((key) => changed.has(key))),
  }
}

/** Tells what the check has found: errors apart from the result. */
export function tellCheck({ errors, warnings }: ChangesCheck, output: Output): void {
  for (const warning of warnings) {
    output.line(`${output.paint('yellow', 'warning')} ${placeOf(warning.rule, warning)}: ${warningText(warning)}`)
  }
  for (const error of errors) output.problem(`${placeOf(error.rule, error)}: ${error.message}`)
}

/** Open, as the service may add to it some day. */
const Answer = Type.Object({
  errors: Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() })),
  warnings: Type.Array(Type.Object({ ...RuleNotice.properties })),
})

/** `/rules/3/department` of the request is `/department` of the rule that was given fourth. */
function locate(pointer: string, wanted: readonly RuleDocument[]): { rule: string; pointer: string } {
  const [, index, rest = ''] = /^\/rules\/(\d+)(.*)$/.exec(pointer) ?? []
  const rule = wanted[Number(index)]
  return rule === undefined ? { rule: 'rules', pointer } : { rule: rule.key, pointer: rest }
}
