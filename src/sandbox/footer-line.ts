import type { ChatBook } from './chat-book.ts'
import type { Call } from './simulator/calls.ts'
import type { Paint } from './terminal.ts'

export interface FooterParts {
  readonly chats: number | undefined
  readonly book: Pick<ChatBook, 'opened' | 'decided' | 'openChatIds'>
  /** Since the last decision while some are due. */
  readonly quietMs: number
  readonly calls: readonly Call[]
  readonly paint: Paint
}

const BAR_COLUMNS = 16
/** Longer than any decision takes that only waits for its calls. */
const QUIET_MS_MIN = 2_500
const MINUTE_MS = 60_000

/** The line at the bottom: how far it is, and what it waits for. Below 80 columns. */
export function footerLine({ chats, book, quietMs, calls, paint }: FooterParts): string {
  const { decided, openChatIds } = book
  const done = chats === undefined ? '' : `${progressBar(decided / chats, paint)} ${decided} of ${chats}  `
  return ` ${done}${paint('dim', state())}`

  function state(): string {
    const since = Date.now() - MINUTE_MS
    const spent = calls.length - (calls.findLastIndex(({ at }) => at.getTime() < since) + 1)
    if (quietMs >= QUIET_MS_MIN) return `${openChatIds.length} waiting: ${spent} of 120 calls used this minute`
    if (chats !== undefined) return `${openChatIds.length} under way`
    return `${decided} decided, ${openChatIds.length} under way, ${spent} of 120 calls used this minute. Ctrl-C stops.`
  }
}

function progressBar(share: number, paint: Paint): string {
  const full = Math.round(Math.min(1, share) * BAR_COLUMNS)
  return paint('green', '█'.repeat(full)) + paint('dim', '░'.repeat(BAR_COLUMNS - full))
}
