import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildApp } from '../src/app.ts'
import type { Conditions } from '../src/domain/conditions.ts'
import type { RuleDocument } from '../src/domain/rule.ts'
import { type Random, seededRandom } from '../src/sandbox/simulator/seeded-random.ts'
import { signBody } from '../src/sandbox/simulator/sign-body.ts'
import { query, startTestServer } from '../test/support/postgres.ts'

// How long a backtest takes through the API, and how long webhooks and the event loop wait meanwhile.
const DECISIONS = 10_000
const RULES = 100
const RUNS = 5
const WEBHOOKS_PER_SECOND = 50
const SIGNING_KEY = 'signing-key-of-the-benchmark'
const ADMIN_TOKEN = 'admin-token-of-the-benchmark'

const LANGUAGES = ['de', 'fr', 'uk', 'pl', 'es', 'pt', 'it', 'nl', 'tr', 'en', 'cs', 'sv']
const COUNTRIES = ['DE', 'AT', 'CH', 'FR', 'UA', 'PL', 'ES', 'BR', 'IT', 'NL', 'TR', 'US']
const PLANS = ['free', 'trial', 'basic', 'pro', 'scale', 'enterprise']
const TAGS = Array.from({ length: 40 }, (_, index) => `tag-${index}`)
const WORDS = 'hello my invoice is wrong please refund the last payment because login does not work since monday'.split(
  ' ',
)

const random = seededRandom(1)
const rules = Array.from({ length: RULES }, (_, index) => someRule(random, index))
const server = await startTestServer()
const rulesDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-bench-'))
const database = new URL(server.url)
database.pathname = `/${server.template}`
await Promise.all(rules.map((rule) => writeFile(join(rulesDir, `${rule.key}.json`), JSON.stringify(rule))))
const env = {
  PORT: '0',
  ROLE: 'web',
  DATABASE_URL: database.href,
  HELPCRUNCH_API_KEY: 'none',
  HELPCRUNCH_SIGNING_KEY: SIGNING_KEY,
  ADMIN_TOKEN,
  RULES_DIR: rulesDir,
}
const app = await buildApp({ env, logger: false })
const url = await app.listen({ host: '127.0.0.1', port: 0 })
try {
  await recordDecisions()
  await backtest() // the first one also warms up the database
  const idle = await whileWebhooksArrive(() => sleep(3_000))
  const busy = await whileWebhooksArrive(async () => {
    for (let run = 0; run < RUNS; run++) await backtest()
  })
  console.log(`backtest of ${DECISIONS} decisions x ${RULES} rules: ${cell(busy.elapsedMs / RUNS)} ms (goal < 5000)`)
  console.log(
    `event loop delay p99: ${cell(busy.loopP99Ms)} ms meanwhile (goal < 50), ${cell(idle.loopP99Ms)} ms without`,
  )
  console.log(`webhook p99: ${cell(busy.webhookP99Ms)} ms meanwhile, ${cell(idle.webhookP99Ms)} ms without`)
} finally {
  await app.close()
  await server.stop()
  await rm(rulesDir, { recursive: true })
}

async function backtest(): Promise<void> {
  const change = rules.map((rule) => ({ ...rule, department: rule.department + 1 }))
  const reply = await fetch(`${url}/v1/backtests`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ rules: change, limit: DECISIONS }),
  })
  const report: unknown = await reply.json()
  if (typeof report !== 'object' || report === null || Reflect.get(report, 'decisions') !== DECISIONS) {
    throw new Error(`The backtest was not of ${DECISIONS} decisions: ${JSON.stringify(report).slice(0, 300)}`)
  }
}

interface Delays {
  readonly elapsedMs: number
  readonly loopP99Ms: number
  readonly webhookP99Ms: number
}

async function whileWebhooksArrive(work: () => Promise<void>): Promise<Delays> {
  const loop = monitorEventLoopDelay({ resolution: 1 })
  const durations: number[] = []
  const sending: Promise<void>[] = []
  const sender = setInterval(() => sending.push(sendWebhook(durations)), 1_000 / WEBHOOKS_PER_SECOND)
  const startedAt = performance.now()
  loop.enable()
  await work()
  loop.disable()
  const elapsedMs = performance.now() - startedAt
  clearInterval(sender)
  await Promise.all(sending)
  const sorted = durations.toSorted((a, b) => a - b)
  const webhookP99Ms = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
  return { elapsedMs, loopP99Ms: loop.percentile(99) / 1e6, webhookP99Ms }
}

async function sendWebhook(durations: number[]): Promise<void> {
  const createdAt = Math.floor(Date.now() / 1_000)
  const eventData = { chat_id: 1 + durations.length, status: 'new' }
  const body = JSON.stringify({ event: 'chat.new', id: randomUUID(), createdAt, attempts: 0, eventData })
  const headers = { 'content-type': 'application/json', 'x-helpcrunch-signature': signBody(SIGNING_KEY, body) }
  const startedAt = performance.now()
  const reply = await fetch(`${url}/webhooks/helpcrunch`, { method: 'POST', headers, body })
  if (reply.status !== 202) throw new Error(`A webhook was answered with ${reply.status}.`)
  await reply.arrayBuffer()
  durations.push(performance.now() - startedAt)
}

async function recordDecisions(): Promise<void> {
  const facts = Array.from({ length: DECISIONS }, () => someFacts(random))
  await query(
    database.href,
    `WITH told AS (SELECT * FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (facts, place)), event AS (
      INSERT INTO webhook_events (id, type, chat_id, status, body, happened_at)
      SELECT 'past-' || place, 'chat.new', place, 'done', '{}', now() - place * interval '1 min' FROM told
      RETURNING seq, chat_id, happened_at
    )
    INSERT INTO decisions (event_seq, event_type, chat_id, outcome, mode, to_department_id, facts, open_lookups,
      ruleset_version, happened_at, received_at)
    SELECT seq, 'chat.new', chat_id, 'applied', 'live', 10, facts, '{}', 1, happened_at, happened_at
    FROM event JOIN told ON place = chat_id`,
    [JSON.stringify(facts)],
  )
}

function someFacts(random: Random): object {
  const message = Array.from({ length: 30 }, () => pick(random, WORDS)).join(' ')
  const language = pick(random, LANGUAGES)
  const tags = [pick(random, TAGS), pick(random, TAGS)]
  const rest = {
    plan: pick(random, PLANS),
    country: pick(random, COUNTRIES),
    'custom.seats': 1 + Math.floor(random() * 200),
  }
  return { event: 'chat.new', language, locale: language, tags, channel: 'widget', message, ...rest }
}

/** Two or three conditions of the kinds that support teams use; some with a word, a pattern, or hours. */
function someRule(random: Random, index: number): RuleDocument {
  const kinds: Conditions[] = [
    { fact: 'language', operator: 'equal', value: pick(random, LANGUAGES) },
    { fact: 'plan', operator: 'in', value: [pick(random, PLANS), pick(random, PLANS)] },
    { not: { fact: 'country', operator: 'in', value: [pick(random, COUNTRIES), pick(random, COUNTRIES)] } },
    { fact: 'tags', operator: 'containsAny', value: [pick(random, TAGS), pick(random, TAGS)] },
    { fact: 'custom.seats', operator: 'greaterThan', value: 1 + Math.floor(random() * 200) },
    { fact: 'message', operator: 'includesWord', value: pick(random, WORDS) },
    { fact: 'message', operator: 'matches', value: `${pick(random, WORDS)}.*${pick(random, WORDS)}` },
  ]
  const windows = [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }]
  return {
    key: `rule-${index}`,
    name: `Rule ${index}`,
    status: 'enabled',
    priority: 1 + index,
    conditions: { all: [0, 1, 2].map((offset) => kinds[(index + 2 * offset) % kinds.length] ?? { all: kinds }) },
    ...(index % 5 === 0 && { schedule: { timezone: 'Europe/Berlin', windows } }),
    department: 10 + (index % 8),
  }
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('There is nothing to pick from.')
  return item
}

function cell(value: number): string {
  return value.toFixed(1)
}
