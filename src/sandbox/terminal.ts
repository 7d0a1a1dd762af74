import { styleText } from 'node:util'

export type Format = Parameters<typeof styleText>[0]
/** Colours a text where the terminal wants colours; elsewhere the text stays as it is. */
export type Paint = (format: Format, text: string) => string

/** Where the sandbox writes for a person. */
export interface Terminal {
  /** Columns, now. */
  readonly width: number
  readonly paint: Paint
  /** Writes a line above the footer. */
  print(line: string): void
  /** Shows one changing line at the bottom, in a terminal only; empty takes it away. It must be narrower than the terminal. */
  footer(line: string): void
}

/** A file has room for everything that is worth showing. */
const WIDTH_OF_FILE = 140

/** Writes to a stream; NO_COLOR, FORCE_COLOR and pipes are respected. */
export function createTerminal(stream: NodeJS.WriteStream): Terminal {
  let footer = ''
  const cleared = () => (footer === '' ? '' : '\r\x1b[K')
  return {
    get width() {
      return stream.columns || WIDTH_OF_FILE
    },
    paint: (format, text) => styleText(format, text, { stream }),
    print(line) {
      stream.write(`${cleared()}${line}\n${footer}`)
    },
    footer(line) {
      if (!stream.isTTY || line === footer) return
      stream.write(`${cleared()}${line}`)
      footer = line
    },
  }
}
