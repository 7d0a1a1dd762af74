import type { Decision, DecisionSummary, RouterApi } from './router-api.ts'

/** The decisions of a service, one after the other as they become final. */
export interface DecisionFeed {
  /** Those that have become final since the last call, oldest first. Rejects when the service does not answer. */
  next(): Promise<Decision[]>
}

/** A decision gets its time just before others can see it: this much is looked at again. */
const LOOK_BACK_MS = 5_000

/** Reads the feed through the public API; each look starts at the oldest decision that was not final yet. */
export function createDecisionFeed(api: Pick<RouterApi, 'decisionsSince' | 'decision'>): DecisionFeed {
  let from: string | undefined
  let told: ReadonlySet<string> = new Set()
  return {
    async next() {
      const listed = await api.decisionsSince(from)
      const final = listed.filter(({ outcome }) => outcome !== 'pending')
      const fresh = final.filter(({ id }) => !told.has(id)).reverse()
      const decisions = await Promise.all(fresh.map(({ id }) => api.decision(id)))
      // What is no longer listed cannot come again, so that the set does not grow for ever.
      told = new Set(final.map(({ id }) => id))
      from = nextStart(listed) ?? from
      return decisions
    },
  }
}

/** By the service's clock alone, which may differ from ours. */
function nextStart(listed: readonly DecisionSummary[]): string | undefined {
  const [newest] = listed
  if (newest === undefined) return undefined
  const oldestOpen = listed.findLast(({ outcome }) => outcome === 'pending') ?? newest
  return new Date(Date.parse(oldestOpen.decidedAt) - LOOK_BACK_MS).toISOString()
}
