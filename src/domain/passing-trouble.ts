const PASSES = Symbol('passes')

/**
 * Marks an error that whatever was being worked on has no part in, and that passes: the database is away, is short of something, or
 * has let a statement wait for too long. Gives the same error.
 */
export function markPassing<Failure>(error: Failure): Failure {
  if (error instanceof Error) Object.defineProperty(error, PASSES, { value: true })
  return error
}

/** Whether an error is marked as one that passes. */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && PASSES in error
}
