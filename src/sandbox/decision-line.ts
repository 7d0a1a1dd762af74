import { fit } from './display-width.ts'
import type { Decision } from './router-api.ts'
import type { Format, Paint } from './terminal.ts'
import { toneOf, wordsFor } from './tones.ts'

/** A decision with what its line shows besides; names come from the account, not from the decision. */
export interface ShownDecision {
  readonly decision: Decision
  readonly customer: string
  readonly message: string
  readonly departmentName: (id: number) => string
}

interface Column {
  readonly title: string
  readonly width: number
  readonly text: (shown: ShownDecision) => string
  /** Undefined is the terminal's own colour. */
  readonly format?: (shown: ShownDecision) => Format | undefined
}

const GAP = '  '
/** From here on there is room for the customer's message, and for a column for each fact. */
const WIDTH_WITH_FACTS = 112
const WIDTH_WITH_MESSAGE = 124
const UNKNOWN = '–'

/** The titles of the lines below. */
export function decisionTitles(width: number, paint: Paint): string {
  const cells = columnsFor(width).map(({ title, width: columns }) => fit(title, columns))
  return ` ${paint('dim', cells.join(GAP).trimEnd())}`
}

/** One line for a decision, in columns as wide as the terminal has room for. */
export function decisionLine(shown: ShownDecision, width: number, paint: Paint): string {
  const cells = columnsFor(width).map(({ width: columns, text, format }) => {
    const cell = fit(text(shown), columns)
    const wanted = format?.(shown)
    return wanted === undefined ? cell : paint(wanted, cell)
  })
  return ` ${cells.join(GAP)}`
}

const dim = () => 'dim' as const
const CHAT: Column = { title: 'chat', width: 7, text: ({ decision }) => String(decision.chatId), format: dim }
const CUSTOMER: Column = { title: 'customer', width: 16, text: ({ customer }) => customer, format: () => 'bold' }
const DEPARTMENT: Column = { title: '  department', width: 20, text: target, format: targetFormat }
const RULE: Column = { title: 'by rule', width: 20, text: why, format: whyFormat }
const CALLS: Column = { title: 'calls', width: 5, text: callsOf(5), format: dim }
const CALLS_NARROW: Column = { title: ' #', width: 2, text: callsOf(2), format: dim }

function columnsFor(width: number): readonly Column[] {
  if (width < WIDTH_WITH_FACTS) return narrowColumns(width)
  const facts: readonly Column[] = [
    { title: 'lang', width: 4, text: language },
    { title: 'plan', width: 10, text: ({ decision }) => textOf(decision.facts.plan) },
    { title: 'tags', width: 11, text: ({ decision }) => textOf(decision.facts.tags) },
  ]
  const columns = [CHAT, CUSTOMER, ...facts, DEPARTMENT, RULE, CALLS]
  if (width < WIDTH_WITH_MESSAGE) return columns
  const message = { title: 'message', width: width - widthOf(columns), text: messageOf, format: dim }
  return [CHAT, CUSTOMER, message, ...facts, DEPARTMENT, RULE, CALLS]
}

/** The facts share a column, and what room there is goes to them, the customer and the rule. */
function narrowColumns(width: number): readonly Column[] {
  const room = Math.max(24, width - widthOf([CHAT, DEPARTMENT, CALLS_NARROW]) - 2 * GAP.length)
  const customer = { ...CUSTOMER, width: Math.floor(room * 0.32) }
  const facts = { title: 'facts', width: Math.floor(room * 0.28), text: profile }
  const rule = { ...RULE, width: Math.min(RULE.width, room - customer.width - facts.width) }
  return [CHAT, customer, facts, DEPARTMENT, rule, CALLS_NARROW]
}

/** With a gap after each, and a column free at either side. */
function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP.length, 2)
}

function messageOf({ message }: ShownDecision): string {
  return message
}

function textOf(fact: unknown): string {
  const text = Array.isArray(fact) ? fact.join(', ') : String(fact ?? '')
  return text.trim() || UNKNOWN
}

/** In brackets where only the message's own words tell it. */
function language({ decision: { facts } }: ShownDecision): string {
  if (facts.language !== undefined || facts.messageLanguage === undefined) return textOf(facts.language)
  return `(${textOf(facts.messageLanguage)})`
}

function profile(shown: ShownDecision): string {
  const { plan, tags } = shown.decision.facts
  return [language(shown), textOf(plan), textOf(tags)].filter((text) => text !== UNKNOWN).join(' ') || UNKNOWN
}

function target({ decision: { outcome, department }, departmentName }: ShownDecision): string {
  const { to, from } = department
  if (outcome === 'unchanged' && to !== null) return `= ${departmentName(to)}`
  if (outcome === 'applied' && to !== null) return `→ ${departmentName(to)}`
  return `· ${from === null ? 'stays where it is' : departmentName(from)}`
}

function targetFormat({ decision: { outcome, department } }: ShownDecision): Format {
  if (outcome === 'applied') return toneOf(department.to)
  return outcome === 'failed' || outcome === 'rejected' ? 'red' : 'dim'
}

/** The rule that routed it, or why nothing was done. */
function why({ decision: { outcome, reason, rule } }: ShownDecision): string {
  if (outcome === 'applied') return rule?.key ?? 'default department'
  return outcome === 'skipped' ? wordsFor(outcome, reason).replace('left alone: ', '') : wordsFor(outcome, reason)
}

function whyFormat({ decision: { outcome } }: ShownDecision): Format | undefined {
  if (outcome === 'applied') return undefined
  return outcome === 'failed' || outcome === 'rejected' ? 'red' : 'yellow'
}

function callsOf(columns: number) {
  return ({ decision }: ShownDecision) => String(decision.attempts.length).padStart(columns)
}
