import type { Witness } from '../domain/analysis/rule-warning.ts'
import type { RuleNotice } from '../domain/rule-notice.ts'

/** A warning in sentences, with an example chat that shows it. */
export function warningText({ message, code, witness }: Pick<RuleNotice, 'message' | 'code' | 'witness'>): string {
  return `${message} [${code}]${witness === null ? '' : ` ${example(witness)}`}`
}

/** `For example: chat.new with language "de", tags [].` */
function example({ event, at, facts }: Witness): string {
  const others = Object.entries(facts).filter(([name]) => name !== 'event')
  const known = others.map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  const moment = at === null ? '' : ` at ${at}`
  return `For example: ${event}${moment} with ${known.length === 0 ? 'nothing else known' : known.join(', ')}.`
}
