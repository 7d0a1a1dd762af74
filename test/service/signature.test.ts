import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { test } from 'tap'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import type { HandmadeWebhook } from '../../src/sandbox/simulator/webhooks.ts'
import { SIGNING_KEY, startService } from '../support/service.ts'
import { envelope } from '../support/webhooks.ts'

const PLAIN =
  '{"event":"chat.new","eventData":{"chat_id":7001},"attempts":0,"lastAttemptAt":1760000001,"createdAt":1760000001,"id":"0b6f2a52-5c0e-4f0f-9d0b-3c3b3f7a9e11"}'
const ESCAPED = String.raw`{"event":"message.chat.customer","eventData":{"message":{"text":"\u041f\u0440\u0438\u0432\u0456\u0442 https:\/\/example.test\/a"}}}`
const ESCAPED_ENVELOPE = ESCAPED.replace('"eventData":{', '"id":"escaped","eventData":{"chat_id":7002,')
const HEADER = 'x-helpcrunch-signature'

/** Nothing works the events off: what is stored is what was let in. */
const settings = { ROLE: 'web', HELPCRUNCH_SIGNING_KEY: `${SIGNING_KEY}, next-signing-key` }

/** What must not get in, with the status that says why. */
function badWebhooks(): readonly (readonly [string, HandmadeWebhook, number])[] {
  const body = JSON.stringify(envelope())
  const good = signBody(SIGNING_KEY, body)
  const signature = (value: string): HandmadeWebhook => ({ body, signature: value })
  const headers = (value: HandmadeWebhook['headers'] & {}): HandmadeWebhook => ({ body, headers: value })
  const zipped = gzipSync(body)
  return [
    ['upper case', signature(good.toUpperCase()), 401],
    ['a digit less', signature(good.slice(1)), 401],
    ['a digit more', signature(`${good}0`), 401],
    ['a prefix', signature(`sha1=${good}`), 401],
    ['base64', signature(createHmac('sha1', SIGNING_KEY).update(body).digest('base64')), 401],
    ['SHA-256', signature(createHmac('sha256', SIGNING_KEY).update(body).digest('hex')), 401],
    ['beyond ASCII', signature(`é${good.slice(1)}`), 401],
    ['two headers', headers({ [HEADER]: [good, good] }), 401],
    ['a bad header and a good one', headers({ [HEADER]: ['0'.repeat(40), good] }), 401],
    ['no header', headers({ [HEADER]: null }), 401],
    ['an empty header', headers({ [HEADER]: '' }), 401],
    ['another key', { body, signingKey: 'another-signing-key' }, 401],
    ['both keys as one', { body, signingKey: settings.HELPCRUNCH_SIGNING_KEY }, 401],
    ['no key', { body, signingKey: '' }, 401],
    [
      'a body written anew',
      { body: JSON.stringify(JSON.parse(ESCAPED)), signature: signBody(SIGNING_KEY, ESCAPED) },
      401,
    ],
    ['a body with one space more', { body: `${body} `, signature: good }, 401],
    ['an empty body', { body: '', signature: good }, 401],
    ['text/plain', headers({ 'content-type': 'text/plain' }), 415],
    ['a form', headers({ 'content-type': 'application/x-www-form-urlencoded' }), 415],
    ['no content type', headers({ 'content-type': null }), 415],
    ['gzip', { body: zipped, headers: { 'content-encoding': 'gzip' } }, 415],
    ['gzip, signed before', { body: zipped, signature: good, headers: { 'content-encoding': 'gzip' } }, 415],
  ]
}

test('only signed bytes get in', async (t) => {
  const { simulator, sql } = await startService(t, { settings })
  const refused = badWebhooks()
  let acceptedBad = 0
  for (const [name, webhook, status] of refused) {
    const answer = await simulator.deliver(webhook)
    if (answer.status === 202) acceptedBad += 1
    t.equal(answer.status, status, name)
    t.match(JSON.parse(answer.replyBody), { status, code: status === 401 ? 'bad_signature' : 'not_json' }, name)
  }
  const rows = await sql('SELECT id FROM webhook_events')
  t.strictSame(rows, [], 'and of what was refused nothing is stored')
  t.comment(`bad=${refused.length} accepted_bad=${acceptedBad} rows_from_bad=${rows.length}`)
})

test('the published bodies are accepted as they are, and nothing else under their signatures', async (t) => {
  const { simulator, sql } = await startService(t, { settings })
  const plain = await simulator.deliver({ body: PLAIN, signature: '5b718c8717b0a4a6649a41a18a1cbef0366f4ffb' })
  t.equal(plain.status, 202)
  t.strictSame(JSON.parse(plain.replyBody), { status: 'accepted', eventId: '0b6f2a52-5c0e-4f0f-9d0b-3c3b3f7a9e11' })

  const escaped = await simulator.deliver({ body: ESCAPED, signature: '1645b7f36b82ac8e59a2d85ad52afa7ab03a2faf' })
  t.equal(escaped.status, 400, 'it is genuine, but has no id')
  t.match(JSON.parse(escaped.replyBody), { code: 'unreadable' })
  t.match(await sql("SELECT body FROM webhook_events WHERE status = 'unreadable'"), [{ body: Buffer.from(ESCAPED) }])
  t.equal((await simulator.deliver({ body: ESCAPED_ENVELOPE })).status, 202, 'with an id, it is an event')

  const rewritten = JSON.stringify(JSON.parse(ESCAPED))
  const wrong = await simulator.deliver({ body: rewritten, signature: '1645b7f36b82ac8e59a2d85ad52afa7ab03a2faf' })
  t.equal(wrong.status, 401)
})

test('while keys are rotated both are good, under load too', async (t) => {
  const { simulator, sql } = await startService(t, { settings })
  const keys = [SIGNING_KEY, 'next-signing-key', 'another-signing-key']
  const deliveries = Array.from({ length: 300 }, (_, index) => {
    const isGood = index % keys.length < 2
    const signingKey = keys[index % keys.length] ?? ''
    return { isGood, signingKey, envelope: envelope({ id: `${isGood ? 'good' : 'bad'}-${index}` }) }
  })
  const answers = await Promise.all(
    deliveries.map(async ({ isGood, ...webhook }) => ({ isGood, ...(await simulator.deliver(webhook)) })),
  )
  const good = answers.filter(({ isGood }) => isGood)
  const acceptedBad = answers.filter(({ isGood, status }) => !isGood && status !== 401).length
  const rejectedGood = good.filter(({ status }) => status !== 202).length
  const [rows] = await sql<{ good: number; bad: number }>(
    "SELECT count(*) FILTER (WHERE id LIKE 'good-%')::int AS good, count(*) FILTER (WHERE id NOT LIKE 'good-%')::int AS bad FROM webhook_events",
  )
  t.strictSame([good.length, answers.length], [200, 300])
  t.strictSame({ acceptedBad, rejectedGood, ...rows }, { acceptedBad: 0, rejectedGood: 0, good: 200, bad: 0 })
  t.comment(`accepted_bad=${acceptedBad} rejected_good=${rejectedGood} rows_from_bad=${rows?.bad}`)
})
