/** Whatever ends some time and cleans up then: a test, or a scenario of the chaos suite. */
export interface Scope {
  /** Ends what was opened, the youngest first. */
  teardown(end: () => unknown): void
  /** What this is a part of, and outlives it. */
  readonly parent?: object | undefined
}

/** The scope that outlives all others: of a test, its file. */
export function outermost(scope: Scope): Scope {
  if (scope.parent) return outermost(scope.parent as Scope) // of a test, a test
  return ends === undefined ? scope : { teardown: (end) => void ends?.unshift(end) }
}

let ends: (() => unknown)[] | undefined

/** For a process that runs several files: what lasts as long as tap does would outlive them all. */
export function scopeByFile(): void {
  ends = []
}

/** Ends what the tests of a file had in common. */
export async function endFile(): Promise<void> {
  for (const end of ends?.splice(0) ?? []) await end()
}
