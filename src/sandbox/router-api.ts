import type { Outcome } from '../domain/decide.ts'
import type { PresentFacts } from '../domain/facts.ts'

/** What the sandbox reads of `GET /v1/decisions/{id}`. */
export interface Decision {
  readonly id: string
  readonly eventType: string
  readonly chatId: number
  readonly customerId: number | null
  readonly outcome: Outcome
  readonly reason: string | null
  readonly rule: { readonly key: string } | null
  readonly department: { readonly from: number | null; readonly to: number | null }
  readonly facts: PresentFacts
  readonly receivedAt: string
  readonly decidedAt: string
  readonly appliedAt: string | null
  readonly attempts: readonly unknown[]
}

export type DecisionSummary = Omit<Decision, 'facts' | 'attempts'>

/** The service as any client sees it, through its public API. Every call rejects when the answer is not 200. */
export interface RouterApi {
  /** Decided at that time or later, newest first; without a time, all. */
  decisionsSince(from: string | undefined): Promise<DecisionSummary[]>
  decision(id: string): Promise<Decision>
  departments(): Promise<{ readonly id: number; readonly name: string }[]>
  ruleCount(): Promise<number>
}

interface Page<T> {
  readonly data: T[]
  readonly nextCursor: string | null
}

/** A service on this machine that takes longer has stopped working. */
const TIMEOUT_MS = 15_000

/** The API of the service at `url`. */
export function createRouterApi(url: string, token: string): RouterApi {
  const get = async <T>(path: string): Promise<T> => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const [endpoint] = path.split('?')
    const headers = { authorization: `Bearer ${token}` }
    const reply = await fetch(url + path, { headers, signal }).catch((cause: unknown) => {
      throw new Error(`The service has stopped answering (GET ${endpoint}).`, { cause })
    })
    if (reply.status !== 200) throw new Error(`The service no longer works: GET ${endpoint} gave ${reply.status}.`)
    return (await reply.json()) as T // our own service, whose answers have the shapes of its contract
  }
  const all = async <T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T[]> => {
    const items: T[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const search = new URLSearchParams({ ...query, limit: '100', ...(cursor && { cursor }) })
      const page: Page<T> = await get(`${path}?${search}`)
      items.push(...page.data)
      cursor = page.nextCursor
    }
    return items
  }
  return {
    decisionsSince: (from) => all('/v1/decisions', from === undefined ? {} : { from }),
    decision: (id) => get(`/v1/decisions/${id}`),
    departments: () => all('/v1/departments'),
    ruleCount: async () => (await all('/v1/rules')).length,
  }
}
