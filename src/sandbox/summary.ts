import type { ChatBook } from './chat-book.ts'
import { fit } from './display-width.ts'
import type { Call } from './simulator/calls.ts'
import type { Tally } from './tally.ts'
import type { Format, Paint } from './terminal.ts'
import { toneOf } from './tones.ts'

export interface SummaryParts {
  readonly tally: Tally
  readonly book: Pick<ChatBook, 'opened' | 'decided'>
  /** Everything that HelpCrunch was asked. */
  readonly calls: readonly Call[]
  readonly departmentName: (id: number) => string
  readonly width: number
  readonly paint: Paint
}

interface Bar {
  readonly label: string
  readonly count: number
  readonly format: Format
}

const LABEL_COLUMNS = 26
const BAR_COLUMNS = 8
const COUNT_COLUMNS = 4
const BLOCK_COLUMNS = LABEL_COLUMNS + BAR_COLUMNS + COUNT_COLUMNS
const GAP = '  '

/** What came of a run: outcomes, departments, rules, and what it cost in calls. */
export function summary(parts: SummaryParts): string[] {
  const { tally, departmentName, width, paint } = parts
  const blocks = [
    block(
      'What came of it',
      bars(tally.outcomes, String, () => 'green'),
      paint,
    ),
    block('Routed to', bars(tally.departments, departmentName, toneOf), paint),
    block(
      'By rule',
      bars(tally.rules, String, () => 'blue'),
      paint,
    ),
  ]
  const perRow = Math.max(1, Math.floor(width / (BLOCK_COLUMNS + GAP.length)))
  const rows = Array.from({ length: Math.ceil(blocks.length / perRow) }, (_, row) =>
    sideBySide(blocks.slice(row * perRow, (row + 1) * perRow)),
  )
  const charts = tally.outcomes.size === 0 ? [] : rows.flatMap((row) => ['', ...row])
  return ['', headline(parts), ...charts, '', ...figures(parts)]
}

function headline({ book: { opened, decided }, paint }: SummaryParts): string {
  const chats = opened === 1 ? '1 chat' : `${opened} chats`
  if (opened === decided)
    return ` ${paint(['bold', 'green'], '✓')} ${paint('bold', `${chats}, each with its decision`)}`
  return ` ${paint(['bold', 'yellow'], '!')} ${paint('bold', `${chats}, ${decided} of them decided`)}`
}

function bars<K>(counts: ReadonlyMap<K, number>, label: (key: K) => string, format: (key: K) => Format): Bar[] {
  const sorted = [...counts].sort(([, one], [, other]) => other - one)
  return sorted.map(([key, count]) => ({ label: label(key), count, format: format(key) }))
}

function block(title: string, entries: readonly Bar[], paint: Paint): string[] {
  const most = Math.max(...entries.map(({ count }) => count))
  const lines = entries.map(({ label, count, format }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((count / most) * BAR_COLUMNS)))
    return `${fit(label, LABEL_COLUMNS)}${String(count).padStart(COUNT_COLUMNS - 1)} ${paint(format, fit(bar, BAR_COLUMNS))}`
  })
  return [paint('bold', fit(title, BLOCK_COLUMNS)), ...lines]
}

/** Every cell is as wide as a block, so that colours do not disturb the columns. */
function sideBySide(blocks: readonly (readonly string[])[]): string[] {
  const height = Math.max(...blocks.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) => {
    const cells = blocks.map((lines) => lines[line] ?? ' '.repeat(BLOCK_COLUMNS))
    return ` ${cells.join(GAP)}`.trimEnd()
  })
}

/** The departments' list serves no chat, so it is not counted. */
function figures({ calls, tally, paint }: SummaryParts): string[] {
  const kinds = [
    ['GET customer', calls.filter(({ path }) => path.startsWith('/v1/customers/')).length],
    ['GET chat', calls.filter(({ method, path }) => method === 'GET' && path.startsWith('/v1/chats/')).length],
    ['PUT department', calls.filter(({ method }) => method === 'PUT').length],
  ] as const
  const total = kinds.reduce((sum, [, count]) => sum + count, 0)
  if (tally.applied === 0) return [` HelpCrunch was called ${total} times.`]
  const perChat = paint('bold', `${(total / tally.applied).toFixed(2)} API calls per routed chat`)
  const spelt = kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')
  const times = tally.routedAfterMs.toSorted((one, other) => one - other)
  const [median, slowest] = [times[Math.floor(times.length / 2)] ?? 0, times.at(-1) ?? 0]
  return [
    ` ${perChat} ${paint('dim', `(${spelt})`)}`,
    ` ${paint('bold', `${seconds(median)} s`)} from event to department ${paint('dim', `(median; slowest ${seconds(slowest)} s)`)}`,
  ]
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2)
}
