import { findWinner } from '../../../src/domain/find-winner.ts'
import { compileRuleset } from '../../../src/domain/ruleset.ts'
import { readRule } from '../../../src/domain/validate-rule.ts'
import { apiOf } from '../../support/api.ts'
import { rule } from '../../support/rules.ts'
import { type Service, startService } from '../../support/service.ts'
import { envelope, post } from '../../support/webhooks.ts'
import { JSON_TEXTS, NAUGHTY_STRINGS, pickFrom } from '../corpora/corpora.ts'
import { HOSTILE_BODIES } from '../corpora/hostile-bytes.ts'
import { asConditions, BOMBS, type Bomb, REFUSED } from '../rule-bombs.ts'
import { atLeast, atMost, exactly, type Scenario, type Stage, told } from '../scenario.ts'
import { percentile } from '../sender.ts'

const settings = { ROUTER_MODE: 'shadow', HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' }
/** Each text is a customer's of its own, who is looked up. */
const simulator = { switches: { rateLimitPerMinute: 10_000 } }
/** Of a quiet machine; the quick form also runs where much else does. */
const EVALUATION_MS_MAX = 50
const ROUNDS = 5
const AT_ONCE = 10
const TRIES_MAX = 5

/** P23: rules that are meant to be expensive, and the worst texts there are, as rules and as webhooks. */
export const boundedRules: Scenario = {
  id: 'P23',
  promise: 'no rule and no text can stall the service, and nothing odd is answered with an error of ours',
  async run(stage) {
    const costs = []
    for (const bomb of BOMBS) costs.push(await measure(bomb))
    const listening = rule({ key: 'deep', events: ['chat.new'], conditions: asConditions(BOMBS[0]?.conditions) })
    const service = await startService(stage, { rules: [listening, rule({ key: 'german' })], settings, simulator })
    const accepted = await askAboutRefused(service)
    const asked = await sendRules(service, pickFrom(NAUGHTY_STRINGS, stage.size(160, 40)))
    const sent = await sendWebhooks(service, stage)
    await service.drained()
    const [stored] = await service.sql<{ count: number }>('SELECT count(*)::int AS count FROM webhook_events')
    const wrong = [...asked, ...sent].filter(({ status }) => status >= 500 || status === 0)
    return [
      atLeast('bombs', costs.filter((ms) => ms > 0).length, BOMBS.length / 2),
      atMost('max_eval_ms', Math.max(...costs), EVALUATION_MS_MAX * stage.size(1, 4)),
      exactly('accepted', accepted.join(', ') || 'none', 'none'),
      told('refused', REFUSED.length - accepted.length),
      atLeast('rules', asked.length, 100),
      atLeast('webhooks', sent.length, 100),
      exactly('5xx', wrong.map(({ name, status }) => `${name} (${status})`).join(', ') || 0, 0),
      // A body that cannot be read has no id: sent again, it is stored again.
      atMost('lost', sent.length - (stored?.count ?? 0), 0),
    ]
  },
}

/** The processor's time, which is what the rule costs and not what else the machine does: of some rounds the middle one. 0 when it is refused. */
async function measure({ conditions, facts }: Bomb): Promise<number> {
  const reading = readRule(rule({ conditions: asConditions(conditions) }))
  if (reading.kind === 'invalid') return 0
  const ruleset = compileRuleset({ version: 1, rules: [{ document: reading.rule, version: 1 }] })
  const routingCase = { eventType: 'chat.new', at: new Date(), facts }
  const costs: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    await findWinner(ruleset, routingCase, new Set())
    const { user, system } = process.cpuUsage(before)
    costs.push((user + system) / 1_000)
  }
  return Math.max(percentile(costs, 0.5), 0.001)
}

/** Gives those that were not refused. */
async function askAboutRefused(service: Service): Promise<string[]> {
  const accepted: string[] = []
  for (const { name, conditions } of REFUSED) {
    const document = rule({ key: 'bomb', conditions: asConditions(conditions) })
    const { status } = await apiOf(service).send('POST', '/v1/rules', document)
    if (status !== 400) accepted.push(`${name} (${status})`)
  }
  return accepted
}

interface Asked {
  readonly name: string
  readonly status: number
}

/** Each text wherever a rule takes one. */
async function sendRules(service: Service, texts: readonly string[]): Promise<Asked[]> {
  const { send } = apiOf(service)
  return each(texts, async (text, index) => {
    const tests = [{ name: text, facts: { message: text, [text]: text }, expect: 'match' as const }]
    const given = ['equal', 'includesWord', 'matches'].map((operator, place) =>
      rule({
        key: `r${index}-${place}`,
        name: text,
        conditions: asConditions({ fact: 'message', operator, value: text }),
        tests,
      }),
    )
    const odd = rule({ key: text, conditions: asConditions({ fact: text, operator: text, value: text }) })
    return Promise.all([
      ask(`rule ${index}`, send('POST', '/v1/rules/check', { rules: [...given, odd] })),
      ask(
        `simulation ${index}`,
        send('POST', '/v1/simulations', { facts: { message: text, name: text }, rules: given }),
      ),
      ask(`key ${index}`, send('GET', `/v1/rules/${encodeURIComponent(text.toWellFormed())}`)),
    ])
  })
}

/** Each JSON text by itself and inside of an envelope, each naughty string wherever people write, and each hostile body. */
async function sendWebhooks(service: Service, stage: Stage): Promise<Asked[]> {
  const jsons = await each(pickFrom(JSON_TEXTS, stage.size(400, 40)), async ({ name, input }, index) => {
    const inside = `{"event":"chat.new","id":"json-${index}","eventData":{"chat_id":${index + 1},"customer":${input}}}`
    return [await deliver(service, name, input), await deliver(service, `${name} inside`, inside)]
  })
  const strings = await each(pickFrom(NAUGHTY_STRINGS, stage.size(500, 40)), async (text, index) => {
    const customer = {
      id: 10_000 + index,
      name: text,
      email: text,
      customData: { [text]: text },
      tags: [{ name: text }],
    }
    const state = { chat_id: 10_000 + index, customer, status: text, lastMessageText: text, message: { text } }
    return [await deliver(service, `string ${index}`, JSON.stringify(envelope({ eventData: state })))]
  })
  const hostile = await each(HOSTILE_BODIES, async ({ name, bytes }, index) => {
    const text = Buffer.from(bytes).toString('latin1').replace('"id":"hostile"', `"id":"hostile-${index}"`)
    return [await deliver(service, name, Uint8Array.from(Buffer.from(text, 'latin1')))]
  })
  return [...jsons, ...strings, ...hostile]
}

/** Some at a time. */
async function each<T>(items: readonly T[], make: (item: T, index: number) => Promise<Asked[]>): Promise<Asked[]> {
  const asked: Asked[] = []
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const some = items.slice(start, start + AT_ONCE).map((item, index) => make(item, start + index))
    asked.push(...(await Promise.all(some)).flat())
  }
  return asked
}

async function ask(name: string, answer: Promise<{ status: number }>): Promise<Asked> {
  return { name, status: await answer.then(({ status }) => status).catch(() => 0) }
}

/** Sends a webhook as HelpCrunch does: again, when it is asked to. */
async function deliver(service: Service, name: string, body: string | Uint8Array<ArrayBuffer>): Promise<Asked> {
  for (let tries = 1; ; tries++) {
    const asked = await ask(name, post(service, body))
    if (asked.status !== 503 || tries === TRIES_MAX) return asked
  }
}
