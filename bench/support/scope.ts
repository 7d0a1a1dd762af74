import type { Scope } from '../../test/support/scope.ts'

/** Runs a measurement, then ends all that it has opened, the youngest first. */
export async function withScope(measure: (scope: Scope) => Promise<void>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const ends: (() => unknown)[] = []
  try {
    await measure({ teardown: (end) => void ends.push(end) })
  } finally {
    for (const end of ends.reverse()) await end()
  }
}
