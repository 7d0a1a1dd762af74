import { type Answer, type Operation, problem } from './operation.ts'

/** What keeps a write from undoing somebody else's (RFC 9110, section 13): of a rule, or of the set that all rules make. */
interface Precondition {
  /** Of answers: the version that there is now. */
  readonly etag: Record<string, string>
  /** Of a request that must send it, and of one that may. */
  readonly required: NonNullable<Operation['headers']>
  readonly optional: NonNullable<Operation['headers']>
  /** 412: the version that was sent is not the one that there is. */
  readonly stale: Answer
}

export const RULE_VERSION = preconditionOf('rule', {
  etag: 'The version of the rule, in quotes.',
  ifMatch: 'The `ETag` that you have seen, such as `"3"`, or `*` for whichever there is.',
  version: 4,
})

export const RULE_SET_VERSION = preconditionOf('rule set', {
  etag: 'The version of the rule set, in quotes: it counts the changes of all rules.',
  ifMatch: 'The `ETag` of the list of rules that you have seen, or `*`.',
  version: 19,
})

/** 428: a write that must name a version names none. */
export const UNGUARDED = problem(
  428,
  'precondition_required',
  'Say which version you have seen: send its ETag as If-Match, or "*" to change whichever there is.',
)

function preconditionOf(what: string, told: { etag: string; ifMatch: string; version: number }): Precondition {
  const etag = { ETag: told.etag }
  const detail = `The ${what} has been changed meanwhile: it has version ${told.version} now. Read it again, and repeat the change there.`
  return {
    etag,
    required: { 'If-Match': { required: true, description: told.ifMatch } },
    optional: { 'If-Match': { required: false, description: told.ifMatch } },
    stale: problem(412, 'stale', detail, { headers: etag }),
  }
}
