import { Writable } from 'node:stream'
import { buildApp } from '../../../src/app.ts'
import type { Fault } from '../../../src/sandbox/simulator/faults.ts'
import { apiOf, issueToken } from '../../support/api.ts'
import { createDatabase, openConnection, type Statement } from '../../support/postgres.ts'
import { rule, writeRules } from '../../support/rules.ts'
import { ADMIN_TOKEN, API_KEY, SIGNING_KEY, settingsFor, startAccount, until } from '../../support/service.ts'
import { envelope, post } from '../../support/webhooks.ts'
import { type Canaries, dumpDatabase, findHits, hatchCanaries } from '../canaries.ts'
import { atLeast, exactly, type Scenario, type Stage } from '../scenario.ts'

/** P25: canaries in every field and every secret, every error path, everything logged; then logs, errors and stored secrets are searched. */
export const secrecy: Scenario = {
  id: 'P25',
  promise: 'no secret and nothing personal is in any log, metric or error',
  async run(stage) {
    const service = await startLogging(stage)
    const { lines, errors, answers } = service
    const canaries = hatchCanaries('p25')
    const issued = await issueToken(service, 'viewer')
    for (let round = 0; round < stage.size(10, 1); round++) await routeWithFaults(service, canaries)
    await sendOddWebhooks(service, canaries)
    await askWrongly(service, canaries, issued.token)
    await breakTables(service, canaries)
    await readEverything(service)

    const secrets = [API_KEY, SIGNING_KEY, ADMIN_TOKEN, issued.token, FORGED_TOKEN, FORGED_SIGNATURE]
    const passwords = [new URL(service.databaseUrl).password].filter((text) => text !== '')
    const hidden = [...secrets, ...passwords]
    return [
      atLeast('log_lines', lines.length, 100),
      atLeast('errors', errors.length, 15),
      atLeast('answers', answers.length, 10),
      exactly('hits', findHits([...lines, ...errors], [...hidden, ...canaries.all]).length, 0),
      atLeast('personal_where_allowed', findHits(answers, canaries.all).length, 1),
      exactly('secrets_told', findHits(answers, hidden).length, 0),
      exactly('secrets_stored', findHits(await dumpDatabase(service.sql), hidden).length, 0),
    ]
  },
}

const FORGED_TOKEN = `hcr_${'canary'.repeat(7)}x`
const FORGED_SIGNATURE = 'canary-signature'
const BODY_BYTES_MAX = 1_048_576

interface Logging {
  readonly simulator: Awaited<ReturnType<typeof startAccount>>
  readonly databaseUrl: string
  readonly sql: Statement
  readonly url: string
  /** All that was logged, at every level. */
  readonly lines: string[]
  /** Answers that say that something is wrong, and what anybody may read: all of it. */
  readonly errors: string[]
  /** Answers to whoever may read personal data. */
  readonly answers: string[]
}

/** A service that logs everything, into lines that the scenario reads. */
async function startLogging(stage: Stage): Promise<Logging> {
  const simulator = await startAccount(stage, { switches: { rateLimitPerMinute: 1_000_000 } })
  const databaseUrl = await createDatabase(stage)
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trim().split('\n'))
      done()
    },
  })
  const curious = rule({
    events: ['chat.new', 'message.chat.customer'],
    conditions: {
      any: [
        { fact: 'language', operator: 'equal', value: 'de' },
        { fact: 'message', operator: 'exists' },
      ],
    },
    reroute: true,
  })
  const env = {
    ...settingsFor(simulator, databaseUrl, await writeRules(stage, [curious])),
    ...{ LOG_LEVEL: 'trace', HELPCRUNCH_TIMEOUT_MS: '300', HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' },
  }
  const app = await buildApp({ env, logger: { level: 'trace', stream } })
  stage.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`)
  const sql = await openConnection(stage, databaseUrl)
  return { simulator, databaseUrl, sql, url, lines, errors: [], answers: [] }
}

/** A customer's chat is moved, and HelpCrunch answers the next ones in every wrong way. */
async function routeWithFaults({ simulator, sql }: Logging, { customer, message }: Canaries): Promise<void> {
  const text = `<html>${message} ${customer.email}</html>`
  const faults: readonly Fault[] = [
    ...[500, 404, 400, 302].map((status) => ({ kind: 'status', status, body: text }) as const),
    ...[{ kind: 'wrong_body', body: text } as const, { kind: 'wrong_body', body: { id: text, name: text } } as const],
    ...[{ kind: 'reset' } as const, { kind: 'hang' } as const, { kind: 'truncated' } as const],
  ]
  const count = async (condition: string) => (await sql(`SELECT FROM attempts WHERE ${condition}`)).length
  const open = () => simulator.openChat({ customerId: simulator.addCustomer(customer).id, text: message })
  const [moves, bad] = ["method = 'PUT' AND status = 200", 'error IS NOT NULL OR status <> 200']
  const [movesBefore, badBefore] = [await count(moves), await count(bad)]
  open()
  await until('a move', async () => (await count(moves)) > movesBefore)
  const script = simulator.script({}, faults)
  for (const _fault of faults) open()
  await until('every bad reply', async () => (await count(bad)) >= badBefore + faults.length)
  script.clear()
}

async function sendOddWebhooks(service: Logging, { customer, message }: Canaries): Promise<void> {
  const { email } = customer
  const odd: readonly (readonly [webhook: object | string, headers?: Record<string, string>])[] = [
    [envelope({ eventData: { email, message } })],
    [envelope({ event: 'customer.of_the_future', eventData: { email } })],
    [`{"email":"${email}","text":"${message}"}`],
    [`{"email":"${email}",${message}`],
    [envelope({ email }), { 'x-helpcrunch-signature': SIGNING_KEY }],
    [envelope({ email }), { 'x-helpcrunch-signature': FORGED_SIGNATURE }],
    [envelope({ email }), { 'content-type': `text/${message}` }],
    [envelope({ email, padding: message.repeat(BODY_BYTES_MAX / 10) })],
  ]
  for (const [webhook, headers] of odd)
    service.errors.push(JSON.stringify((await post(service, webhook, headers)).body))
}

/** What people get wrong: tokens, and bodies in which somebody is named. */
async function askWrongly(service: Logging, { customer, message, all }: Canaries, viewer: string): Promise<void> {
  const { errors } = service
  for (const token of [SIGNING_KEY, FORGED_TOKEN, `${ADMIN_TOKEN}x`]) {
    errors.push(JSON.stringify((await apiOf(service, token).send('GET', '/v1/decisions')).body))
  }
  errors.push(JSON.stringify((await apiOf(service, viewer).send('DELETE', '/v1/customers/1')).body))
  const { send } = apiOf(service)
  const asked: readonly (readonly [path: string, body: unknown])[] = [
    ['/v1/simulations', { facts: { email: { of: customer.email }, message: [[message]] } }],
    ['/v1/simulations', { facts: { email: customer.email }, decisionId: { name: customer.name } }],
    ['/v1/rules', rule({ tests: [{ name: message, facts: { email: all.join() }, expect: 'match' }] })],
    ['/v1/tokens', { name: `${customer.name}\u0000`, role: 'viewer' }],
  ]
  for (const [path, body] of asked) {
    const answer = await send('POST', path, body)
    if (answer.status < 400) throw new Error(`${path} was answered with ${answer.status}.`)
    // Who asks is told what they have asked with, if need be; the log is not.
    service.answers.push(JSON.stringify(answer.body))
  }
  errors.push(JSON.stringify((await send('GET', '/v1/decisions?unheard-of=1')).body))
}

/** Statements fail while they carry personal data. */
async function breakTables(service: Logging, { customer, message }: Canaries): Promise<void> {
  const { simulator, sql, lines, errors } = service
  const { id } = simulator.addCustomer(customer)
  const failures = () => lines.filter((line) => line.includes('queue.failed')).length
  for (const table of ['customers', 'decisions', 'attempts']) {
    const before = failures()
    await sql(`ALTER TABLE ${table} RENAME TO ${table}_away`)
    simulator.updateCustomer(id, { blocked: true, email: `${table}-${customer.email}` })
    simulator.openChat({ customerId: id, text: message })
    await until(`a job that fails without ${table}`, () => failures() > before)
    errors.push(JSON.stringify((await apiOf(service).send('DELETE', `/v1/customers/${id}`)).body))
    await sql(`ALTER TABLE ${table}_away RENAME TO ${table}`)
  }
  await sql('ALTER TABLE webhook_events RENAME TO webhook_events_away')
  const state = { chat_id: 1, customer: { ...customer, id: 1 }, text: message }
  errors.push(JSON.stringify((await post(service, envelope({ eventData: state }))).body))
  errors.push(JSON.stringify((await apiOf(service).send('GET', '/v1/events')).body))
  await sql('ALTER TABLE webhook_events_away RENAME TO webhook_events')
}

async function readEverything({ url, sql, answers, errors }: Logging): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
    const reply = await fetch(url + path)
    errors.push(JSON.stringify([...reply.headers]), await reply.text())
  }
  const lists = ['decisions?limit=100', 'events?limit=100', 'rules', 'departments', 'facts', 'stats', 'tokens', 'audit']
  const decisions = await sql<{ id: string }>('SELECT id FROM decisions ORDER BY id LIMIT 20')
  for (const path of [...lists, ...decisions.map(({ id }) => `decisions/${id}`)]) {
    const reply = await fetch(`${url}/v1/${path}`, { headers })
    answers.push(JSON.stringify([...reply.headers]), await reply.text())
  }
}
