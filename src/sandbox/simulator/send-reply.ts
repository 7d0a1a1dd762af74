import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ApiReply, Refusal } from './api-replies.ts'
import { refuse } from './api-replies.ts'
import type { LoggedCall } from './calls.ts'
import type { Fault, FaultHeaders } from './faults.ts'
import type { SimulatorSwitches } from './switches.ts'

/** What a reply is made of: the answer of the API, and what a fault does to it. */
export interface ReplyPlan {
  readonly call: LoggedCall
  readonly switches: SimulatorSwitches
  readonly fault: Fault | undefined
  /** The answer as it should be; for a call that was not let through, a 200 that nobody will see. */
  readonly reply: ApiReply
  readonly headers?: FaultHeaders
  /** The chat as it was before the call, for the fault that shows it. */
  readonly chatBefore: unknown
  later(afterMs: number, run: () => void): void
}

/** Sends a reply as its fault has it, down to the socket. */
export function sendReply(response: ServerResponse, plan: ReplyPlan): void {
  const { fault, reply, call } = plan
  switch (fault?.kind) {
    case undefined:
    case 'none':
    case 'delay':
    case 'hold':
      send(response, call, reply.status, reply.body, plan.headers)
      break
    case 'status':
      sendStatus(response, plan, fault)
      break
    case 'hang':
      break
    case 'reset':
      response.socket?.resetAndDestroy()
      break
    case 'truncated':
      sendHalf(response, call, reply)
      break
    case 'wrong_body':
      send(response, call, 200, fault.body)
      break
    case 'stale_chat':
      send(response, call, 200, plan.chatBefore)
      break
    case 'huge_body':
      sendHuge(response, call, fault.bytes)
      break
    case 'slow_drip':
      drip(response, plan, fault.everyMs, fault.bytesEach ?? 1)
  }
}

/** Text goes out as it is, anything else as JSON. */
function send(response: ServerResponse, call: LoggedCall, status: number, body: unknown, headers?: FaultHeaders): void {
  const content = typeof body === 'string' ? body : JSON.stringify(body)
  const contentType = content.startsWith('<') ? 'text/html; charset=UTF-8' : 'application/json'
  call.status = status
  const length = Buffer.byteLength(content)
  response.writeHead(status, { 'content-type': contentType, 'content-length': length, ...headers }).end(content)
}

function sendStatus(response: ServerResponse, plan: ReplyPlan, fault: Extract<Fault, { kind: 'status' }>): void {
  const body = fault.body ?? usualBody(plan.switches, fault.status)
  send(response, plan.call, fault.status, body, fault.headers)
}

/** What HelpCrunch documents for a status; 403 and 5xx it does not, so a switch decides. */
function usualBody(switches: SimulatorSwitches, status: number): unknown {
  const documented = DOCUMENTED_REFUSALS.get(status)
  if (documented !== undefined) return refuse(switches, documented).body
  if (switches.errorBodies === 'empty' || status < 400) return ''
  if (switches.errorBodies === 'json')
    return { message: { info: `status ${status}` }, code: 'serverError', errors: null }
  return `<html><head><title>${status}</title></head><body><h1>${status}</h1></body></html>`
}

const DOCUMENTED_REFUSALS: ReadonlyMap<number, Refusal> = new Map<number, Refusal>([
  [400, { kind: 'bad_request' }],
  [401, { kind: 'invalid_token' }],
  [404, { kind: 'missing_in_put', status: 404 }],
  [429, { kind: 'too_many_requests' }],
])

function sendHalf(response: ServerResponse, call: LoggedCall, reply: ApiReply): void {
  const body = Buffer.from(JSON.stringify(reply.body))
  call.status = reply.status
  response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': body.length })
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy())
}

function sendHuge(response: ServerResponse, call: LoggedCall, bytes: number): void {
  call.status = 200
  response.writeHead(200, { 'content-type': 'application/json' })
  // A client that has had enough closes the connection, which is no failure of the simulator.
  pipeline(Readable.from(hugeJson(bytes)), response).catch(() => undefined)
}

function* hugeJson(bytes: number): Generator<string> {
  const piece = 'x'.repeat(64 * 1024)
  yield '{"padding":"'
  for (let sent = 0; sent < bytes; sent += piece.length) yield piece
  yield '"}'
}

function drip(response: ServerResponse, plan: ReplyPlan, everyMs: number, bytesEach: number): void {
  const body = Buffer.from(JSON.stringify(plan.reply.body))
  plan.call.status = plan.reply.status
  response.writeHead(plan.reply.status, { 'content-type': 'application/json', 'content-length': body.length })
  const sendFrom = (offset: number) => {
    if (response.destroyed) return
    if (offset >= body.length) {
      response.end()
      return
    }
    response.write(body.subarray(offset, offset + bytesEach))
    plan.later(everyMs, () => sendFrom(offset + bytesEach))
  }
  sendFrom(0)
}
