import fc from 'fast-check'
import { test } from 'tap'
import {
  type CallResult,
  DEFAULT_RETRY_POLICY,
  judge,
  judgeBody,
  judgePut,
  nextStep,
  RETRY_AFTER_MS_MAX,
  readHttpDate,
  readRetryAfter,
} from '../../src/domain/retry-policy.ts'

const HOUR_MS = 3_600_000
const WANTED = { chatId: 7104233, departmentId: 4410 }

function buildResponse(status: number, body: unknown = ''): CallResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { kind: 'response', status, body: text }
}

function unavailable(retryAfterMs?: number): CallResult {
  const response = { kind: 'response', status: 503, body: '' } as const
  return retryAfterMs === undefined ? response : { ...response, retryAfterMs }
}

/** Plays the policy until it gives up: the moments of all tries, in milliseconds after the first. */
function playSchedule(random: () => number, retryAfterMs?: number): number[] {
  const triedAt = [0]
  for (;;) {
    const elapsedMs = triedAt.at(-1) ?? 0
    const step = nextStep(DEFAULT_RETRY_POLICY, triedAt.length, elapsedMs, random, unavailable(retryAfterMs))
    if (step.kind === 'give_up') return triedAt
    triedAt.push(elapsedMs + step.delayMs)
  }
}

test('each status has its verdict', async (t) => {
  const verdicts = {
    done: [200, 201, 204],
    refused: [400, 404, 405, 409, 410, 422],
    unauthorized: [401, 402, 403],
    throttled: [429],
    try_again: [301, 302, 307, 408, 425, 500, 502, 503, 504, 520],
  }
  for (const [kind, statuses] of Object.entries(verdicts)) {
    for (const status of statuses) t.match(judge(buildResponse(status, { errors: [] })), { kind }, String(status))
  }
})

test("a refusal in words that are no JSON object is not HelpCrunch's, and tried again", async (t) => {
  for (const body of ['<h1>Not Found</h1>', '404 page not found', '"not found"', '[]', 'null']) {
    for (const status of [400, 404, 405, 407, 410, 421]) {
      t.match(judge(buildResponse(status, body)), { kind: 'try_again', problem: /HELPCRUNCH_API_URL/ }, body)
    }
    t.strictSame(judge(buildResponse(401, body)), { kind: 'unauthorized' }, body)
    t.strictSame(judge(buildResponse(429, body)), { kind: 'throttled' }, body)
  }
})

test("a refusal without a word is HelpCrunch's last", async (t) => {
  for (const body of ['', '\r\n']) t.strictSame(judge(buildResponse(404, body)), { kind: 'refused' })
})

test('no response is tried again, whatever the reason', async (t) => {
  for (const reason of ['timeout', 'connection', 'body_too_large', 'truncated'] as const) {
    t.strictSame(judge({ kind: 'no_response', reason, message: '' }), { kind: 'try_again' }, reason)
    t.strictSame(judgePut({ kind: 'no_response', reason, message: '' }, WANTED), { kind: 'try_again' }, reason)
  }
})

test('a PUT is done when HelpCrunch answers with the chat in the department asked for', async (t) => {
  for (const department of [{ id: 4410, name: 'Billing UA' }, { id: '4410' }, 4410]) {
    const chat = { id: 7104233, department, assignee: { id: 88 } }
    t.strictSame(judgePut(buildResponse(200, chat), WANTED), {
      kind: 'done',
      value: { departmentId: 4410, assigneeId: 88 },
    })
  }
})

test('a PUT that is answered with a stale chat, another chat or no chat has a wrong body', async (t) => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ id: 7104233, department: { id: 1 } }, /department is 1, not 4410/],
    [{ id: 7104233, department: null }, /department is none, not 4410/],
    [{ id: 7104233 }, /department is none, not 4410/],
    [{ id: 5, department: { id: 4410 } }, /expected shape/],
    [{ data: { id: 7104233, department: { id: 4410 } } }, /expected shape/],
    [[], /expected shape/],
    ['null', /expected shape/],
    ['{"id":7104233,"department":{"id":44', /not JSON/],
    ['<html>Bad gateway</html>', /not JSON/],
    ['', /not JSON/],
  ]
  for (const [body, problem] of cases) {
    t.match(judgePut(buildResponse(200, body), WANTED), { kind: 'wrong_body', problem }, JSON.stringify(body))
  }
})

test('a wrong body that may tell of somebody else is not kept, and says so', async (t) => {
  const chat = { id: 5, department: { id: 4410 } }
  for (const body of [chat, { data: chat }, [chat], JSON.stringify(chat, null, 2).slice(0, -1)]) {
    const problem = /; as it may tell of somebody else, it is not kept$/
    t.match(judgePut(buildResponse(200, body), WANTED), { kind: 'wrong_body', problem, kept: '' }, JSON.stringify(body))
  }
  for (const body of [{ id: 7104233, department: { id: 1 } }, { error: 'maintenance' }, [], '<html>']) {
    const verdict = judgePut(buildResponse(200, body), WANTED)
    t.notOk('kept' in verdict, JSON.stringify(body))
  }
})

test('a reply that is not 2xx is judged by its status, not by its body', async (t) => {
  const chat = { id: 7104233, department: { id: 4410 } }
  t.strictSame(judgePut(buildResponse(404, chat), WANTED), { kind: 'refused' })
  t.strictSame(judgePut(buildResponse(502, '<html>'), WANTED), { kind: 'try_again' })
})

test('a body that is needed is given as what it was read as', async (t) => {
  const readCount = (json: unknown) => (Array.isArray(json) ? json.length : undefined)
  t.strictSame(judgeBody(buildResponse(200, [1, 2]), readCount), { kind: 'done', value: 2 })
  t.match(judgeBody(buildResponse(200, {}), readCount), { kind: 'wrong_body' })
  t.strictSame(judgeBody(buildResponse(403, [1, 2]), readCount), { kind: 'unauthorized' })
})

test('the bound of the delay doubles from 2 seconds up to 30 minutes', async (t) => {
  const boundSeconds = (tries: number) => {
    const step = nextStep(DEFAULT_RETRY_POLICY, tries, 0, () => 1, unavailable())
    return step.kind === 'retry' ? step.delayMs / 1_000 : undefined
  }
  t.strictSame([1, 2, 3, 4, 10, 11, 12, 5_000].map(boundSeconds), [2, 4, 8, 16, 1_024, 1_800, 1_800, 1_800])
})

test('a delay lies between 0.1 seconds and its bound, wherever chance puts it', async () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), chance, (tries, random) => {
      const step = nextStep(DEFAULT_RETRY_POLICY, tries, 0, () => random, unavailable())
      const boundMs = Math.min(DEFAULT_RETRY_POLICY.capMs, DEFAULT_RETRY_POLICY.baseMs * 2 ** (tries - 1))
      return step.kind === 'retry' && step.delayMs >= 100 && step.delayMs <= boundMs
    }),
  )
})

test('a retry is never earlier than Retry-After, and an absurd Retry-After counts as an hour', async (t) => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), chance, fc.nat(1e12), (tries, random, retryAfterMs) => {
      const step = nextStep(DEFAULT_RETRY_POLICY, tries, 0, () => random, unavailable(retryAfterMs))
      if (step.kind === 'give_up') return false
      const waitMs = Math.min(retryAfterMs, RETRY_AFTER_MS_MAX)
      return step.delayMs >= waitMs && step.delayMs <= waitMs + DEFAULT_RETRY_POLICY.capMs
    }),
  )
  t.strictSame(
    nextStep(DEFAULT_RETRY_POLICY, 1, 0, () => 0, unavailable(Infinity)),
    { kind: 'retry', delayMs: HOUR_MS + 100 },
  )
})

test('tries span at least 72 hours, and end within the longest delay after them', async () => {
  const chances = fc.infiniteStream(fc.double({ min: 0.05, max: 1, maxExcluded: true, noNaN: true }))
  const retryAfter = fc.option(fc.nat(2 * HOUR_MS), { nil: undefined })
  fc.assert(
    fc.property(chances, retryAfter, (stream, retryAfterMs) => {
      const lastMs = playSchedule(() => stream.next().value, retryAfterMs).at(-1) ?? 0
      const latestMs = 72 * HOUR_MS + DEFAULT_RETRY_POLICY.capMs + RETRY_AFTER_MS_MAX
      return lastMs >= 72 * HOUR_MS && lastMs <= latestMs
    }),
    { numRuns: 20 },
  )
})

test('it gives up once a try was made at the end of the time or after it', async (t) => {
  t.equal(nextStep(DEFAULT_RETRY_POLICY, 300, 72 * HOUR_MS - 1, () => 0.5, unavailable()).kind, 'retry')
  t.equal(nextStep(DEFAULT_RETRY_POLICY, 300, 72 * HOUR_MS, () => 0.5, unavailable()).kind, 'give_up')
})

test('Retry-After is seconds or an HTTP date', async (t) => {
  const now = new Date('2026-03-02T10:00:00Z')
  t.equal(readRetryAfter('120', now), 120_000)
  t.equal(readRetryAfter(' 0 ', now), 0)
  t.equal(readRetryAfter('1.5', now), 1_500)
  t.equal(readRetryAfter('Mon, 02 Mar 2026 10:00:30 GMT', now), 30_000)
  t.equal(readRetryAfter('Monday, 02-Mar-26 10:00:30 GMT', now), 30_000)
})

test('a Retry-After in the past is now, and one of more than an hour is an hour', async (t) => {
  const now = new Date('2026-03-02T10:00:00Z')
  t.equal(readRetryAfter('Mon, 02 Mar 2026 09:00:00 GMT', now), 0)
  t.equal(readRetryAfter('Tue, 02 Mar 2027 10:00:00 GMT', now), HOUR_MS)
  t.equal(readRetryAfter('9'.repeat(400), now), HOUR_MS)
})

test('an HTTP date is read, and nothing else that Date.parse would take', async (t) => {
  t.strictSame(readHttpDate('Mon, 02 Mar 2026 10:00:30 GMT'), new Date('2026-03-02T10:00:30Z'))
  for (const text of ['', '5', '2026-03-02', 'Mon, soon GMT']) t.equal(readHttpDate(text), undefined, text)
  t.equal(readHttpDate(undefined), undefined)
})

test('a Retry-After that is neither is not told', async (t) => {
  for (const header of [undefined, '', ' ', '-5', 'soon', 'foo 5', '5 minutes', 'Mon, soon GMT']) {
    t.equal(readRetryAfter(header, new Date(0)), undefined, header ?? 'absent')
  }
})
