/** Whatever ends some time and cleans up then: a test, or a scenario of the chaos suite. */
export interface Scope {
  /** Ends what was opened, the youngest first. */
  teardown(end: () => unknown): void
  /** What this is a part of, and outlives it. */
  readonly parent?: object | undefined
}

/** The scope that outlives all others: of a test, the whole run of its process. */
export function outermost(scope: Scope): Scope {
  return scope.parent ? outermost(scope.parent as Scope) : scope // of a test, a test
}
