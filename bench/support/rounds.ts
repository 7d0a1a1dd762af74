/** Something to measure: one round of it gives a number. */
export interface Contender {
  readonly name: string
  round(): Promise<number>
}

/**
 * Lets contenders take turns for some rounds, so that whatever else the machine does falls on all of them, and gives the
 * median of each. The rounds before, which are not counted, warm up.
 */
export async function medianOfRounds(
  contenders: readonly Contender[],
  rounds: number,
  warmUpRounds = 1,
): Promise<Map<string, number>> {
  const measured = new Map(contenders.map(({ name }): [string, number[]] => [name, []]))
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    for (const { name, round: measure } of contenders) {
      const value = await measure()
      if (round >= warmUpRounds) measured.get(name)?.push(value)
    }
  }
  return new Map([...measured].map(([name, values]) => [name, percentile(values, 0.5)]))
}

/** The value below which that share of the numbers lies; NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Microseconds for one of many calls, all of which together take about so long. */
export async function microsecondsOf(call: (index: number) => Promise<unknown>, budgetMs: number): Promise<number> {
  const startedAt = performance.now()
  let calls = 0
  let elapsedMs = 0
  do {
    await call(calls)
    calls += 1
    elapsedMs = performance.now() - startedAt
  } while (elapsedMs < budgetMs)
  return (elapsedMs * 1_000) / calls
}
