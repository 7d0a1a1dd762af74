import { badWebhooks, NEXT_SIGNING_KEY, ROTATING_KEYS } from '../../support/bad-webhooks.ts'
import { type Service, SIGNING_KEY, startService } from '../../support/service.ts'
import { envelope } from '../../support/webhooks.ts'
import { exactly, type Scenario, told } from '../scenario.ts'

const KEYS = [SIGNING_KEY, NEXT_SIGNING_KEY, 'another-signing-key']
/** Deliveries under way at once, as HelpCrunch would have them. */
const AT_ONCE = 100

/** P24: signatures that are almost good, bodies that are almost what was signed, and keys that are rotated under load. */
export const signedBytes: Scenario = {
  id: 'P24',
  promise: 'only what HelpCrunch has signed gets in, byte for byte, and everything it has signed does',
  async run(stage) {
    // Nothing works the events off: what is stored is what was let in.
    const settings = { ROLE: 'web', HELPCRUNCH_SIGNING_KEY: ROTATING_KEYS }
    const service = await startService(stage, { settings })
    const bad = await sendBad(service)
    const rotation = await rotate(service, stage.size(6_000, 300))
    const [rows] = await service.sql<{ good: number; bad: number }>(
      `SELECT count(*) FILTER (WHERE id LIKE 'good-%')::int AS good, count(*) FILTER (WHERE id NOT LIKE 'good-%')::int AS bad
      FROM webhook_events`,
    )
    return [
      told('bad_kinds', bad.sent),
      told('rotated', rotation.sent),
      exactly('accepted_bad', bad.accepted + rotation.acceptedBad, 0),
      exactly('wrong_refusals', bad.wrong.join(', ') || 'none', 'none'),
      exactly('rejected_good', rotation.rejectedGood, 0),
      exactly('stored_good', rows?.good ?? 0, rotation.good),
      exactly('rows_from_bad', rows?.bad ?? -1, 0),
    ]
  },
}

async function sendBad({ simulator }: Service) {
  const webhooks = badWebhooks()
  let accepted = 0
  const wrong: string[] = []
  for (const [name, webhook, wanted] of webhooks) {
    const { status, replyBody } = await simulator.deliver(webhook)
    if (status === 202) accepted += 1
    const { code } = JSON.parse(replyBody)
    if (status !== wanted || code !== (wanted === 401 ? 'bad_signature' : 'not_json')) wrong.push(`${name} (${status})`)
  }
  return { sent: webhooks.length, accepted, wrong }
}

/** Two of three are signed with a key that is good. */
async function rotate({ simulator }: Service, count: number) {
  let [good, acceptedBad, rejectedGood] = [0, 0, 0]
  for (let sent = 0; sent < count; sent += AT_ONCE) {
    const deliveries = Array.from({ length: AT_ONCE }, async (_, index) => {
      const key = (sent + index) % KEYS.length
      const isGood = key < 2
      const named = envelope({ id: `${isGood ? 'good' : 'bad'}-${sent + index}` })
      const { status } = await simulator.deliver({ signingKey: KEYS[key] ?? '', envelope: named })
      if (isGood) good += 1
      if (isGood && status !== 202) rejectedGood += 1
      if (!isGood && status !== 401) acceptedBad += 1
    })
    await Promise.all(deliveries)
  }
  return { sent: count, good, acceptedBad, rejectedGood }
}
