import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import type { SimulatorOptions } from '../../src/sandbox/simulator/simulator.ts'
import { type Simulator, startSimulator } from '../../src/sandbox/simulator/simulator.ts'
import { DEFAULT_SWITCHES, type SimulatorSwitches } from '../../src/sandbox/simulator/switches.ts'
import type { Json } from '../support/json.ts'

export const API_KEY = 'api-key-of-the-tests='
export const SIGNING_KEYS = ['test-signing-key', 'next-signing-key']

/** A simulator with a department, two agents and a customer, which ends with the test. Retries wait for 1 ms. */
export async function startSmallAccount(t: Test, options: Partial<SimulatorOptions> = {}) {
  const switches = { backoffMs: [1, 1], ...options.switches }
  const simulator = await startSimulator({ apiKey: API_KEY, signingKeys: SIGNING_KEYS, ...options, switches })
  t.teardown(() => simulator.stop())
  const agents = ['Ada', 'Ben'].map((name, index) => simulator.addAgent({ id: 88 + index, name }))
  simulator.addDepartment({ id: 4410, name: 'Billing', agentIds: agents.map((agent) => agent.id) })
  simulator.addDepartment({ id: 4411, name: 'Sales' })
  const customer = simulator.addCustomer({ id: 9011, name: 'Olena', locale: 'de-AT', customData: { plan: 'Pro' } })
  return { simulator, customer }
}

export interface Reply {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  readonly json: Json
}

/** One call to the API with the right key, as any client would make it. */
export async function callApi(
  simulator: Simulator,
  method: string,
  path: string,
  body?: unknown,
  apiKey = API_KEY,
): Promise<Reply> {
  const reply = await fetch(simulator.apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    redirect: 'manual',
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const content = await reply.text()
  const json = /^[[{]/.test(content) ? JSON.parse(content) : undefined
  return { status: reply.status, text: content, headers: reply.headers, json }
}

/** The call that everything is about. */
export function putDepartment(simulator: Simulator, chatId: number, department: unknown = 4410): Promise<Reply> {
  return callApi(simulator, 'PUT', '/chats/department', { id: chatId, department })
}

export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders
  readonly signature: string | string[] | undefined
  readonly body: string
  readonly json: Json
}

/** A receiver of webhooks that answers 202 unless told otherwise; null is no answer. */
export async function startReceiver(t: Test, simulator: Simulator) {
  const received: ReceivedWebhook[] = []
  const { promise: firstArrival, resolve: arrive } = Promise.withResolvers<void>()
  const answers: (number | null)[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const signature = request.headers['x-helpcrunch-signature']
    received.push({ headers: request.headers, signature, body, json: JSON.parse(body) })
    arrive()
    const status = answers.length === 0 ? 202 : answers.shift()
    if (status !== null && status !== undefined) response.writeHead(status).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  // A server that listens on TCP has an address object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/helpcrunch`
  simulator.webhooks.sendTo(url)
  return {
    url,
    received,
    firstArrival,
    events: () => received.map((webhook) => webhook.json.event),
    answerNext: (...statuses: (number | null)[]) => answers.push(...statuses),
  }
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

/** What can be seen from outside with each value of one switch. */
export interface SwitchProbe<Value> {
  /** The default is left out where it takes seconds to see. */
  readonly isDefaultSlow?: true
  readonly seen: readonly (readonly [Value, unknown])[]
  readonly look: (simulator: Simulator, receiver: Receiver, clock: { now: Date }) => Promise<unknown> | unknown
}

export type SwitchProbes<Switches> = { readonly [Name in keyof Switches]: SwitchProbe<Switches[Name]> }

/** Looks through one probe with each of its values, the default first. */
export async function probeSwitch(t: Test, name: keyof SimulatorSwitches, probe: SwitchProbe<unknown>): Promise<void> {
  if (probe.isDefaultSlow !== true) t.strictSame(probe.seen[0]?.[0], DEFAULT_SWITCHES[name], 'the default comes first')
  for (const [value, expected] of probe.seen) {
    const clock = { now: new Date('2026-03-02T10:00:50Z') }
    const { simulator } = await startSmallAccount(t, { switches: { [name]: value }, now: () => clock.now })
    const receiver = await startReceiver(t, simulator)
    t.strictSame(await probe.look(simulator, receiver, clock), expected, JSON.stringify(value))
  }
}
