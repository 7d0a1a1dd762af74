import type { styleText } from 'node:util'

/** Where a command writes. */
export interface Output {
  /** Whether the result is read in a terminal that has colours. */
  readonly colour: boolean
  /** A line of the result. With `--json` the result is one JSON text, and nothing else comes this way. */
  line(text: string): void
  /** A line about what went wrong, apart from the result. */
  problem(text: string): void
  /** Colours a text where `colour` is true; elsewhere the text stays as it is. */
  paint(format: Parameters<typeof styleText>[0], text: string): string
}
