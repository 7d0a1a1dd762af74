import { Writable } from 'node:stream'
import { type Test, test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { createDatabase, query } from '../support/postgres.ts'
import { rule, writeRules } from '../support/rules.ts'
import { ADMIN_TOKEN, API_KEY, SIGNING_KEY, settingsFor, startAccount, until } from '../support/service.ts'
import { envelope, post } from '../support/webhooks.ts'

const EMAIL = 'canary@example.test'
const MESSAGE_TEXT = 'canary-in-the-message'
const SECRETS = [API_KEY, SIGNING_KEY, ADMIN_TOKEN]
const INFO = 30

/** A service that logs everything, into lines that the test reads. */
async function startLogging(t: Test) {
  const simulator = await startAccount(t)
  const databaseUrl = await createDatabase(t)
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trim().split('\n'))
      done()
    },
  })
  const words = rule({
    events: ['chat.new', 'message.chat.customer'],
    conditions: {
      any: [
        { fact: 'email', operator: 'exists', value: true },
        { fact: 'message', operator: 'exists', value: true },
      ],
    },
  })
  const env = {
    ...settingsFor(simulator, databaseUrl, await writeRules(t, [words])),
    LOG_LEVEL: 'trace',
    HELPCRUNCH_TIMEOUT_MS: '300',
  }
  const app = await buildApp({ env, logger: { level: 'trace', stream } })
  t.teardown(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  simulator.webhooks.sendTo(`${url}/webhooks/helpcrunch`)
  return { simulator, databaseUrl, url, lines }
}

type Logging = Awaited<ReturnType<typeof startLogging>>

/** A customer's chat is moved, and HelpCrunch answers the next ones in every wrong way. */
async function routeWithFaults({ simulator, databaseUrl }: Logging): Promise<void> {
  const open = () => {
    const { id: customerId } = simulator.addCustomer({ email: EMAIL, name: EMAIL, customData: { note: MESSAGE_TEXT } })
    simulator.openChat({ customerId, text: MESSAGE_TEXT })
  }
  const rows = (condition: string) => query(databaseUrl, `SELECT FROM attempts WHERE ${condition}`)
  open()
  await until('a move', async () => (await rows("method = 'PUT' AND status = 200")).length === 1)
  simulator.script({}, [
    { kind: 'reset' },
    { kind: 'status', status: 500, body: 'Sorry' },
    { kind: 'hang' },
    { kind: 'wrong_body', body: `<html>${EMAIL}</html>` },
    { kind: 'status', status: 404 },
  ])
  for (let n = 0; n < 5; n++) open()
  await until('five bad replies', async () => (await rows('error IS NOT NULL OR status <> 200')).length >= 5)
}

/** What the service was asked, and how it answered. */
function createAsker({ url }: Logging) {
  const answers: string[] = []
  return {
    answers,
    async get(path: string, token = ADMIN_TOKEN) {
      const reply = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
      answers.push(JSON.stringify([...reply.headers]), await reply.text())
    },
    async send(...[webhook, headers]: [webhook: object | string, headers?: Record<string, string>]) {
      answers.push(JSON.stringify((await post({ url }, webhook, headers)).body))
    },
  }
}

type Asker = ReturnType<typeof createAsker>

async function sendOddWebhooks({ send }: Asker): Promise<void> {
  await send(envelope({ eventData: { email: EMAIL, text: MESSAGE_TEXT } }))
  await send(envelope({ event: 'customer.of_the_future', eventData: { email: EMAIL } }))
  await send(`{"email":"${EMAIL}","text":"${MESSAGE_TEXT}"}`)
  await send(`{"email":"${EMAIL}",${MESSAGE_TEXT}`)
  await send(envelope({ email: EMAIL }), { 'x-helpcrunch-signature': SIGNING_KEY })
}

/** Statements fail while they carry personal data. */
async function breakTables({ simulator, databaseUrl, lines }: Logging, { get, send }: Asker): Promise<void> {
  await query(databaseUrl, 'ALTER TABLE customers RENAME TO customers_away')
  simulator.updateCustomer(9011, { blocked: true, email: EMAIL })
  await until('a failed job', () => lines.some((line) => line.includes('queue: ')))
  await query(databaseUrl, 'ALTER TABLE webhook_events RENAME TO webhook_events_away')
  await send(envelope({ eventData: { chat_id: 1, customer: { id: 1, email: EMAIL }, text: MESSAGE_TEXT } }))
  await get('/v1/events')
  await query(databaseUrl, 'ALTER TABLE webhook_events_away RENAME TO webhook_events')
}

async function readEverything({ databaseUrl }: Logging, { get }: Asker): Promise<void> {
  const paths = [
    '/v1/decisions?limit=100',
    '/v1/events?limit=100',
    '/v1/rules',
    '/v1/departments',
    '/healthz',
    '/readyz',
  ]
  const decisions = await query<{ id: string }>(databaseUrl, 'SELECT id FROM decisions')
  for (const path of [...paths, ...decisions.map(({ id }) => `/v1/decisions/${id}`)]) await get(path)
  await get('/v1/decisions', SIGNING_KEY)
  await get('/v1/decisions?unheard-of=1')
}

test('no secret is in any log or answer, and no personal data in a log above debug', async (t) => {
  const service = await startLogging(t)
  const asker = createAsker(service)
  await routeWithFaults(service)
  await sendOddWebhooks(asker)
  await breakTables(service, asker)
  await readEverything(service, asker)

  const { lines } = service
  const loud = lines.filter((line) => JSON.parse(line).level >= INFO)
  t.ok(loud.length > 50, `${lines.length} lines were logged, ${loud.length} of them above debug`)
  t.match(asker.answers.join(), '"attempts"', `${asker.answers.length} answers were given`)
  const having = (texts: readonly string[], canary: string) => texts.filter((text) => text.includes(canary))
  for (const secret of [...SECRETS, new URL(service.databaseUrl).password].filter((text) => text !== '')) {
    t.strictSame([...having(lines, secret), ...having(asker.answers, secret)], [])
  }
  for (const canary of [EMAIL, MESSAGE_TEXT]) t.strictSame(having(loud, canary), [])
})
