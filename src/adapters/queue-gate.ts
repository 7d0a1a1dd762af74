/** A closed gate opens at least this often, since another replica may have found out that the account is open again. */
const CLOSED_MS = { min: 250, max: 1_000 }

/** What keeps jobs in the queue, by their priority, while the account's budget has nothing to give. */
export interface Gate {
  /** Holds jobs with these flags back for a while. */
  close(flags: readonly string[], forMs: number): void
  /** The flags of jobs that are not to be taken now. */
  closedFlags(): string[]
}

export function createGate(): Gate {
  const closedUntilMs = new Map<string, number>()
  return {
    close(flags, forMs) {
      const boundMs = Math.min(CLOSED_MS.max, Math.max(CLOSED_MS.min, forMs))
      for (const flag of flags) closedUntilMs.set(flag, performance.now() + boundMs)
    },
    closedFlags: () => [...closedUntilMs].filter(([, untilMs]) => performance.now() < untilMs).map(([flag]) => flag),
  }
}
