import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Account } from './account.ts'
import type { ApiReply } from './api-replies.ts'
import { refuse } from './api-replies.ts'
import type { ApiRequest } from './api-request.ts'
import type { CallLog, LoggedCall } from './calls.ts'
import type { Faults } from './faults.ts'
import { makesChange } from './faults.ts'
import type { RateLimit } from './rate-limit.ts'
import { createRateLimit } from './rate-limit.ts'
import { restChat } from './rest-models.ts'
import { answerApiRequest } from './routes.ts'
import type { DurationRange } from './seeded-random.ts'
import { randomMs } from './seeded-random.ts'
import { sendReply } from './send-reply.ts'

/** What the server needs; `latency` is how long each call takes before anything else happens to it. */
export interface ApiServerParts {
  readonly account: Account
  readonly calls: CallLog
  readonly faults: Faults
  readonly apiKeys: readonly string[]
  readonly latency: DurationRange
}

/**
 * The API's end of the simulator: a real server on a real port. Every call is logged, checked for its key and the rate limit,
 * given its fault, and answered.
 */
export class ApiServer {
  readonly #parts: ApiServerParts
  readonly #rateLimit: RateLimit
  // An idle connection is kept long: closing it just when a client sends would look like a fault that nobody asked for.
  readonly #server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => this.#serve(request, response))
  #port = 0

  constructor(parts: ApiServerParts) {
    this.#parts = parts
    this.#rateLimit = createRateLimit(parts.account.switches, parts.account.now)
  }

  get port(): number {
    return this.#port
  }

  /** Listens, at first on any free port and later on the same one again. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    // A server that listens on TCP has an address object; the other forms are for pipes.
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses new connections and drops those that are open. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Takes calls out of the minute's bucket, as another script of the same account would. */
  spend(calls: number, apiKey: string): void {
    for (let spent = 0; spent < calls; spent += 1) this.#rateLimit.admit(apiKey)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that closes the connection before its request is complete cannot be answered.
    const received = await receive(request).catch(() => undefined)
    if (received === undefined) response.destroy()
    else await this.#answer(received, response)
  }

  async #answer({ request, apiKey }: Received, response: ServerResponse): Promise<void> {
    const { account, calls, latency } = this.#parts
    const { method, path, body } = request
    const call = calls.begin({ method, path, body, query: request.query.toString() })
    response.once('close', () => {
      calls.end(call)
      account.changes.announce()
    })
    account.changes.announce()
    await pause(account, randomMs(account.random, latency))
    response.setHeader('date', account.now().toUTCString()) // one clock for all that a reply tells
    const refused = this.#refuse(apiKey)
    if (refused === undefined) return await answerAdmitted(this.#parts, request, call, response)
    const plan = { call, switches: account.switches, fault: undefined, chatBefore: null, later: account.later }
    sendReply(response, { ...plan, ...refused })
  }

  #refuse(apiKey: string): Refused | undefined {
    const { account, apiKeys } = this.#parts
    if (!apiKeys.includes(apiKey)) return { reply: refuse(account.switches, { kind: 'invalid_token' }) }
    const admission = this.#rateLimit.admit(apiKey)
    if (admission.kind === 'admitted') return undefined
    const reply = refuse(account.switches, { kind: 'too_many_requests' })
    return { reply, headers: retryAfterHeaders(account, admission.retryAfterMs) }
  }
}

interface Refused {
  readonly reply: ApiReply
  readonly headers?: Record<string, string>
}

interface Received {
  readonly request: ApiRequest
  readonly apiKey: string
}

async function receive(request: IncomingMessage): Promise<Received> {
  const url = new URL(request.url ?? '/', 'http://simulator.test')
  const body = parseJson(await text(request))
  const apiKey = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return { request: { method: request.method ?? '', path: url.pathname, query: url.searchParams, body }, apiKey }
}

function parseJson(body: string): unknown {
  if (body === '') return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

async function answerAdmitted(parts: ApiServerParts, request: ApiRequest, call: LoggedCall, response: ServerResponse) {
  const { account } = parts
  const fault = parts.faults.take(call)
  call.fault = fault?.kind ?? null
  account.changes.announce()
  if (fault?.kind === 'delay') await pause(account, fault.ms)
  if (fault?.kind === 'hold' && fault.when !== 'after_change') await fault.until
  const chat = account.chats.get(call.chatId ?? Number.NaN)
  const chatBefore = chat === undefined ? null : restChat(account, chat)
  const goesThrough = fault === undefined || makesChange(fault)
  const reply = goesThrough ? answerApiRequest(account, request) : { status: 200, body: {} }
  call.applied = goesThrough && reply.status < 400
  account.changes.announce()
  if (fault?.kind === 'hold' && fault.when === 'after_change') await fault.until
  sendReply(response, { call, switches: account.switches, fault, reply, chatBefore, later: account.later })
}

async function pause(account: Account, ms: number): Promise<void> {
  if (ms > 0) await new Promise<void>((resolve) => account.later(ms, resolve))
}

function retryAfterHeaders(account: Account, retryAfterMs: number): Record<string, string> {
  switch (account.switches.retryAfter) {
    case 'absent':
      return {}
    case 'seconds':
      return { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }
    case 'date':
      return { 'retry-after': new Date(account.now().getTime() + retryAfterMs).toUTCString() }
  }
}
