import { subscribe } from 'node:diagnostics_channel'
import type { ApplicationJournal } from '../services/apply-decision.ts'
import type { HelpcrunchClient } from '../services/call-helpcrunch.ts'
import type { ApiRequest, CallLedger } from '../services/call-ledger.ts'
import type { ChatClaims } from '../services/chat-claim.ts'
import type { DecisionJournal } from '../services/decide-events.ts'
import type { CustomerMemory } from '../services/learn-customer.ts'
import type { EventInbox } from '../services/receive-event.ts'
import type { WaitingMoves } from '../services/shared-looks.ts'

interface GuardedPorts {
  readonly inbox: EventInbox
  readonly claims: ChatClaims
  readonly journal: DecisionJournal
  readonly applications: ApplicationJournal
  readonly customers: CustomerMemory
  readonly waitingMoves: WaitingMoves
  readonly ledger: CallLedger
  readonly client: HelpcrunchClient
}

/** Gives back the port, with a point to die at before and after each of its steps where FAILPOINT is set. */
export type Guard = <Name extends keyof GuardedPorts, Port extends GuardedPorts[Name]>(name: Name, port: Port) => Port

const STEPS: { readonly [Name in Exclude<keyof GuardedPorts, 'client'>]: readonly (keyof GuardedPorts[Name])[] } = {
  inbox: ['insertOnce'],
  claims: ['claim', 'release'],
  journal: ['claimNext', 'startNext', 'nameCustomer', 'record', 'finish', 'postpone'],
  applications: ['pending', 'settle', 'postpone'],
  customers: ['start', 'find', 'keep'],
  waitingMoves: ['next'],
  ledger: ['open', 'close', 'giveBack'],
}

/** Every point at which the process can be told to die; `sent` is the moment at which HelpCrunch has the whole request. */
export const FAILPOINTS: readonly string[] = [
  ...Object.entries(STEPS).flatMap(([name, steps]) =>
    steps.flatMap((step) => [`${name}.${step}:before`, `${name}.${step}:after`]),
  ),
  ...['get', 'post', 'put'].flatMap((method) => ['before', 'sent', 'after'].map((when) => `client.${method}:${when}`)),
]

const SETTING = /^(.+):([1-9]\d{0,8})$/

/**
 * For tests of crashes: `FAILPOINT=claims.claim:before:2` kills the process as it comes to that point for the second time.
 * Throws when the setting is malformed, and in production. Without the setting, ports are given back as they are.
 */
export function createGuard(
  env: Readonly<Record<string, string | undefined>>,
  die: () => void = () => process.kill(process.pid, 'SIGKILL'),
): Guard {
  const { FAILPOINT: setting = '', NODE_ENV } = env
  if (setting === '') return (_name, port) => port
  if (NODE_ENV === 'production')
    throw new Error(
      'FAILPOINT kills the service at a point of its work, for tests. Remove it where NODE_ENV=production.',
    )
  const [, point = '', count] = SETTING.exec(setting) ?? []
  if (!FAILPOINTS.includes(point))
    throw new Error(`FAILPOINT takes point:n, as in claims.claim:before:1. The points are ${FAILPOINTS.join(', ')}.`)
  let left = Number(count)
  const pass = (passed: string) => {
    if (passed !== point) return
    left -= 1
    if (left === 0) die()
  }
  watchSentRequests(pass)
  return (name, port) => guardPort(name, port, pass)
}

/** Undici tells everybody in the process when it has handed a whole request to the operating system, which sends it even for the dead. */
function watchSentRequests(pass: (point: string) => void): void {
  subscribe('undici:request:bodySent', (message) => {
    const { request } = message as { request: { method: string } } // undici's documentation, "Diagnostics Channel Support"
    pass(`client.${request.method.toLowerCase()}:sent`)
  })
}

function guardPort<Port extends object>(name: string, port: Port, pass: (point: string) => void): Port {
  return new Proxy(port, {
    get(target, key) {
      const run: unknown = Reflect.get(target, key)
      if (typeof run !== 'function') return run
      return async (...args: unknown[]) => {
        const step = `${name}.${name === 'client' ? methodOf(args) : String(key)}`
        pass(`${step}:before`)
        const result: unknown = await Reflect.apply(run, target, args)
        pass(`${step}:after`)
        return result
      }
    },
  })
}

/** Calls that read and calls that change die at points of their own. */
function methodOf([request]: readonly unknown[]): string {
  return (request as ApiRequest | undefined)?.method.toLowerCase() ?? 'close' // closing takes no request
}
