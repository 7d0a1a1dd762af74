/** One figure, and the target that it has to reach, if it has one. */
export interface Row {
  readonly what: string
  readonly measured: string
  /** What it is compared with, measured in the same run. */
  readonly beside?: string
  readonly target?: string
  /** Undefined where nothing was promised. */
  readonly isReached?: boolean
}

const HEADINGS = ['', 'measured', 'beside', 'target', 'reached'] as const

/** Prints rows as a table that is also Markdown. */
export function printTable(title: string, rows: readonly Row[]): void {
  const cells = rows.map(({ what, measured, beside = '', target = '', isReached }) => {
    return [what, measured, beside, target, isReached === undefined ? '' : isReached ? 'yes' : 'NO']
  })
  const widths = HEADINGS.map((heading, column) => {
    return Math.max(3, heading.length, ...cells.map((row) => row[column]?.length ?? 0))
  })
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  console.log(`\n### ${title}\n`)
  console.log(line(HEADINGS))
  console.log(`| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  for (const row of cells) console.log(line(row))
}

/** A figure with as many digits as mean something: 0.042, 1.3, 17, 260. */
export function spell(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2)
}
