import { test } from 'tap'
import { ESCAPED, ROTATING_KEYS } from '../support/bad-webhooks.ts'
import { startService } from '../support/service.ts'

// That nothing else gets in, and that both keys are good while they are rotated, is P24 of the chaos suite.

const PLAIN =
  '{"event":"chat.new","eventData":{"chat_id":7001},"attempts":0,"lastAttemptAt":1760000001,"createdAt":1760000001,"id":"0b6f2a52-5c0e-4f0f-9d0b-3c3b3f7a9e11"}'
const ESCAPED_ENVELOPE = ESCAPED.replace('"eventData":{', '"id":"escaped","eventData":{"chat_id":7002,')

/** Nothing works the events off: what is stored is what was let in. */
const settings = { ROLE: 'web', HELPCRUNCH_SIGNING_KEY: ROTATING_KEYS }

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
