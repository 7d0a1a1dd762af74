/** Ends a command with exit code 1 and its message, which says what happened and what to do, as the only line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
