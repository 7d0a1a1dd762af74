// Loaded into replicas with `--import`, in place of bugs that nobody knows yet: what carries a marker throws, takes all memory,
// or ends the process. A payload does it where stored events are read, a rule where it looks for its text.
const parse = JSON.parse
JSON.parse = (text, reviver) => {
  const kind = /poisoned payload: (\w+)/.exec(text)?.[1]
  if (kind !== undefined && whereWeAre().includes('readStoredEvent')) act(kind)
  return parse(text, reviver)
}

/** secure-json-parse switches stacks off while it parses. */
function whereWeAre(): string {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 10
  const { stack = '' } = new Error('Where are we?')
  Error.stackTraceLimit = stackTraceLimit
  return stack
}

const includes = String.prototype.includes
String.prototype.includes = function (search, position) {
  const isThere = includes.call(this, search, position)
  const kind = isThere ? /^poisoned rule: (\w+)$/.exec(search)?.[1] : undefined
  if (kind !== undefined) act(kind)
  return isThere
}

function act(kind: string): void {
  if (kind === 'throws') throw new Error('This is poison.')
  if (kind === 'aborts') process.abort()
  const hoard: number[][] = []
  for (;;) hoard.push(new Array<number>(1_000_000).fill(hoard.length))
}
