import type { Log } from './log.ts'
import { type ChatOfCustomer, findProblem, type StatesVerdict } from './search-chats.ts'

/** A move that HelpCrunch has confirmed. */
export interface Confirmed extends ChatOfCustomer {
  readonly departmentId: number
}

/**
 * Whether searches are believed. Nobody outside knows whether `POST /chats/search` is as up to date as `GET /chats/{id}`. So each
 * search also asks for the chat that we moved last: only one that shows it where we put it is believed.
 */
export interface SearchTrust {
  /** Notes a move: searches from now on must show it. */
  confirm(move: Confirmed): void
  /** Whether a search is worth a call now. */
  isGiven(): boolean
  /** The move that a search is to show; undefined when there was none lately. */
  proof(): Confirmed | undefined
  /** Whether the reply shows the chats as they are. If not, no search is made for a while. */
  believe(verdict: StatesVerdict, proof: Confirmed): boolean
}

/** Our own last move proves that a search does not lag behind, unless it is older than the lag could be. */
const PROOF_MS_MAX = 120_000
/** For so long no search is made after one that failed, and after one that was refused or showed what was no longer so. */
const DISTRUST_MS = { failed: 60_000, wrong: 600_000 }

export function createSearchTrust(log: Log): SearchTrust {
  let last: (Confirmed & { readonly atMs: number }) | undefined
  let givenFromMs = Number.NEGATIVE_INFINITY
  return {
    confirm(move) {
      last = { ...move, atMs: performance.now() }
    },
    isGiven: () => performance.now() >= givenFromMs,
    proof: () => (last && performance.now() - last.atMs <= PROOF_MS_MAX ? last : undefined),
    believe(verdict, proof) {
      const problem = findProblem(verdict, proof)
      if (problem === undefined) return true
      const forMs = verdict.kind === 'try_again' ? DISTRUST_MS.failed : DISTRUST_MS.wrong
      givenFromMs = performance.now() + forMs
      log.warn({ problem, forMs }, 'looks.not_shared')
      return false
    },
  }
}
