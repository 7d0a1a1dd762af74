import type { Outcome } from '../domain/decide.ts'
import type { Format } from './terminal.ts'
import { DEPARTMENTS } from './world/departments.ts'

/** Neither red, which is for failures, nor grey, which is for what matters less. */
const TONES: readonly Format[] = [
  'magentaBright',
  'yellow',
  'cyan',
  'greenBright',
  'blueBright',
  'yellowBright',
  'magenta',
  'cyanBright',
]

/** The colour of a department, the same in every line. */
export function toneOf(departmentId: number | null): Format {
  return TONES[DEPARTMENTS.findIndex(({ id }) => id === departmentId)] ?? 'cyanBright'
}

/** How an outcome is put in words, the reason included. */
export function wordsFor(outcome: Outcome, reason: string | null): string {
  if (outcome === 'skipped') return `left alone: ${SKIPPED[reason ?? ''] ?? reason}`
  return OUTCOMES[outcome]
}

const OUTCOMES: Readonly<Record<Exclude<Outcome, 'skipped'>, string>> = {
  pending: 'under way',
  applied: 'routed',
  unchanged: 'was there already',
  no_match: 'no rule matched',
  shadow: 'shadow',
  rejected: 'HelpCrunch refused',
  failed: 'failed',
}

const SKIPPED: Readonly<Record<string, string>> = {
  already_routed: 'routed before',
  moved_by_person: 'agent moved it',
  closed: 'closed',
  assigned: 'agent has it',
}
