import type { CallMatch, Fault } from './faults.ts'
import { callMatches } from './faults.ts'

/** One call that the simulator received, in order of arrival. */
export interface Call {
  readonly number: number
  readonly at: Date
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: string
  readonly body: unknown
  /** The chat that the call is about, from its path or its body. */
  readonly chatId?: number
  /** The status sent; null before, and for ever when the fault sends none. */
  readonly status: number | null
  readonly fault: Fault['kind'] | null
  /** Whether the account was changed or read as the call asked, whatever was answered. */
  readonly applied: boolean
  /** Whether another call about the same chat was under way at the same time. */
  readonly overlapped: boolean
  /** When the connection was done with this call; null while it is under way. */
  readonly endedAt: Date | null
}

/** Narrows a list of calls; `status` null finds those that got no answer. */
export interface CallFilter extends CallMatch {
  readonly status?: number | null
}

/** Every call that was received, for tests to ask. */
export interface Calls {
  readonly all: readonly Call[]
  where(filter: CallFilter): Call[]
  count(filter: CallFilter): number
  /** The PUTs of a department, of one chat or of all. */
  departmentPuts(chatId?: number): Call[]
  /** The most calls that arrived within any window of this length; the figure that a budget is judged by. */
  maxCallsInAnyWindow(windowMs: number): number
  /** Forgets all calls, for a test's next part; numbers go on. */
  forget(): void
}

/** The same list as the server sees it, which may complete its entries. */
export interface CallLog extends Calls {
  begin(call: Pick<Call, 'method' | 'path' | 'query' | 'body'>): LoggedCall
  end(call: LoggedCall): void
}

/** A call that is still being answered. */
export type LoggedCall = { -readonly [Field in keyof Call]: Call[Field] }

/** Creates an empty log. */
export function createCallLog(now: () => Date): CallLog {
  let number = 0
  const all: LoggedCall[] = []
  const underWay = new Set<LoggedCall>()
  const where = (filter: CallFilter) =>
    all.filter((call) => callMatches(filter, call) && (filter.status === undefined || filter.status === call.status))
  return {
    all,
    where,
    count: (filter) => where(filter).length,
    departmentPuts: (chatId) =>
      where({ method: 'PUT', path: '/v1/chats/department', ...(chatId !== undefined && { chatId }) }),
    maxCallsInAnyWindow: (windowMs) => maxInAnyWindow(all, windowMs),
    forget() {
      all.length = 0
    },
    begin(received) {
      number += 1
      const chatId = chatIdOf(received.path, received.body)
      const call: LoggedCall = {
        ...received,
        ...(chatId !== undefined && { chatId }),
        ...{ number, at: now(), status: null, fault: null, applied: false, overlapped: false, endedAt: null },
      }
      for (const other of underWay) {
        if (chatId === undefined || other.chatId !== chatId) continue
        other.overlapped = true
        call.overlapped = true
      }
      all.push(call)
      underWay.add(call)
      return call
    },
    end(call) {
      call.endedAt = now()
      underWay.delete(call)
    },
  }
}

function chatIdOf(path: string, body: unknown): number | undefined {
  const inPath = /^\/v1\/chats\/(\d+)/.exec(path)?.[1]
  if (inPath !== undefined) return Number(inPath)
  const inBody = path.startsWith('/v1/chats/') && typeof body === 'object' && body !== null && 'id' in body
  return inBody && Number.isSafeInteger(Number(body.id)) ? Number(body.id) : undefined
}

/** Two pointers over the arrival times; the window is half open, as a bucket's minute is. */
function maxInAnyWindow(calls: readonly Call[], windowMs: number): number {
  const times = calls.map((call) => call.at.getTime()).sort((one, other) => one - other)
  let oldest = 0
  let most = 0
  for (const [index, time] of times.entries()) {
    while (time - (times[oldest] ?? time) >= windowMs) oldest += 1
    most = Math.max(most, index - oldest + 1)
  }
  return most
}
