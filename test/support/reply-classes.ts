import type { Fault } from '../../src/sandbox/simulator/faults.ts'

/** One kind of reply to a PUT of a department, and what it is to lead to. */
export interface ReplyClass {
  readonly name: string
  readonly fault: Fault
  readonly outcome: 'applied' | 'rejected'
  /** Method and status of each attempt; null is a call without a reply. */
  readonly attempts: readonly (readonly [string, number | null])[]
}

const refused = (status: number): ReplyClass => ({
  name: `${status}`,
  fault: { kind: 'status', status, body: { errors: [{ code: 'invalid_request', message: 'Invalid request' }] } },
  outcome: 'rejected',
  attempts: [['PUT', status]],
})
const triedAgain = (name: string, fault: Fault, status: number | null): ReplyClass => {
  return { name, fault, outcome: 'applied', attempts: [['PUT', status], ['GET', 200], ['PUT', 200]] } // biome-ignore format: one line
}
const doneBefore = (name: string, fault: Fault, status: number | null): ReplyClass => {
  return { name, fault, outcome: 'applied', attempts: [['PUT', status], ['GET', 200]] } // biome-ignore format: one line
}
const status = (code: number, parts = {}): Fault => ({ kind: 'status', status: code, ...parts })

/** All kinds that are told apart; each is to be met once, by a chat of its own. */
export const REPLIES: readonly ReplyClass[] = [
  refused(400),
  refused(404),
  refused(405),
  refused(422),
  triedAgain('408', status(408), 408),
  triedAgain('425', status(425), 425),
  { ...refused(404), name: '404 without a word', fault: status(404, { body: '' }) },
  triedAgain('404 in HTML', status(404, { body: '<html>Not found</html>' }), 404),
  triedAgain('500', status(500), 500),
  triedAgain('502 in HTML', status(502, { body: '<html>Bad gateway</html>' }), 502),
  triedAgain('503', status(503), 503),
  triedAgain('504', status(504), 504),
  doneBefore('504 after the change', status(504, { applied: true }), 504),
  triedAgain('a redirect', status(302, { headers: { location: '/v1/agents' } }), 302),
  triedAgain('a connection reset', { kind: 'reset' }, null),
  doneBefore('a lost reply', { kind: 'reset', applied: true }, null),
  triedAgain('no reply in time', { kind: 'hang' }, null),
  doneBefore('a truncated reply', { kind: 'truncated' }, null),
  doneBefore('200 that is no JSON', { kind: 'wrong_body', body: '<html>Log in</html>' }, 200),
  doneBefore('200 of another shape', { kind: 'wrong_body', body: { data: [] } }, 200),
  triedAgain('200 with the chat unmoved', { kind: 'stale_chat', applied: false }, 200),
  doneBefore('200 with a stale chat', { kind: 'stale_chat' }, 200),
  doneBefore('a huge reply', { kind: 'huge_body', bytes: 2_000_000 }, null),
  doneBefore('a reply that drips', { kind: 'slow_drip', everyMs: 50 }, null),
]

/** The attempts from the first PUT on: on a slow machine a chat's state is no longer fresh, and is looked at before. */
export function withoutLook<Attempt extends readonly [string, number | null]>(
  attempts: readonly Attempt[],
): readonly Attempt[] {
  return attempts.slice(
    Math.max(
      0,
      attempts.findIndex(([method]) => method === 'PUT'),
    ),
  )
}
