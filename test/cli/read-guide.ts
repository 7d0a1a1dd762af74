import { readFile } from 'node:fs/promises'

/** A table of a document: the words of its head, and its rows by these words. `line` is where it begins. */
export interface GuideTable {
  readonly kind: 'table'
  readonly head: readonly string[]
  readonly rows: readonly Readonly<Record<string, string>>[]
  readonly line: number
}

/** A fenced block: `info` is what follows the fence, as in `json rule`. */
export interface GuideBlock {
  readonly kind: 'block'
  readonly info: string
  readonly text: string
  readonly line: number
}

/** The tables and fenced blocks of a Markdown document, in its order. */
export async function readGuide(path: string): Promise<(GuideTable | GuideBlock)[]> {
  const lines = (await readFile(path, 'utf8')).split('\n')
  const parts: (GuideTable | GuideBlock)[] = []
  let index = 0
  while (index < lines.length) {
    const line = index + 1
    const info = /^```(.*)$/.exec(lines[index] ?? '')?.[1]
    if (info !== undefined) {
      const text = takeWhile(lines, index + 1, (next) => next !== '```')
      parts.push({ kind: 'block', info, text: text.join('\n'), line })
      index += text.length + 2
      continue
    }
    const [head, , ...rows] = takeWhile(lines, index, (next) => next.startsWith('|')).map(cellsOf)
    if (head === undefined) {
      index += 1
      continue
    }
    const named = rows.map((cells) => Object.fromEntries(head.map((name, column) => [name, cells[column] ?? ''])))
    parts.push({ kind: 'table', head, rows: named, line })
    index += rows.length + 2
  }
  return parts
}

/** What a cell says in code: `` `plan` `` is `plan`. */
export function code(cell: string | undefined): string {
  return /^`([^`]*)`$/.exec(cell ?? '')?.[1] ?? ''
}

function takeWhile(lines: readonly string[], from: number, holds: (line: string) => boolean): readonly string[] {
  const end = lines.findIndex((line, index) => index >= from && !holds(line))
  return lines.slice(from, end === -1 ? lines.length : end)
}

function cellsOf(row: string): readonly string[] {
  return row
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}
