import type { Account, Chat, Customer } from './account.ts'
import { existing } from './account.ts'
import { ApiServer } from './api-server.ts'
import type { Calls } from './calls.ts'
import { createCallLog } from './calls.ts'
import type { Changes } from './changes.ts'
import { createChanges } from './changes.ts'
import type { ChatScript } from './chat-script.ts'
import { createChatScript } from './chat-script.ts'
import type { CustomerScript } from './customer-script.ts'
import { createCustomerScript } from './customer-script.ts'
import type { Faults } from './faults.ts'
import { createFaults } from './faults.ts'
import type { DurationRange } from './seeded-random.ts'
import { seededRandom } from './seeded-random.ts'
import type { SimulatorSwitches } from './switches.ts'
import { DEFAULT_SWITCHES } from './switches.ts'
import { WebhookSender } from './webhook-sender.ts'
import type { Webhooks } from './webhooks.ts'

/** What a simulator starts with; only the keys are needed. */
export interface SimulatorOptions {
  readonly apiKey: string
  /** The first one signs until `webhooks.rotateKey()` goes on to the next. */
  readonly signingKeys: readonly string[]
  /** Keys of other scripts of the same account. */
  readonly otherApiKeys?: readonly string[]
  readonly switches?: Partial<SimulatorSwitches>
  readonly seed?: number
  /** The clock of everything but the pauses; the real one by default. */
  readonly now?: () => Date
  /** How long each call takes at least and at most; none by default. */
  readonly latency?: DurationRange
}

/** A running HelpCrunch account: its API on a real port, its webhooks, and what scripts them. */
export interface Simulator extends CustomerScript, ChatScript {
  /** The address for `HELPCRUNCH_API_URL`, with `/v1`. */
  readonly apiUrl: string
  /** May be changed at any time. */
  readonly switches: SimulatorSwitches
  readonly calls: Calls
  readonly webhooks: Webhooks
  /** Posts one handmade webhook, once; everything not given is valid. */
  readonly deliver: Webhooks['deliver']
  /** Puts faults on calls, one each, or over and over with `forever`. */
  readonly script: Faults['script']
  readonly clearFaults: Faults['clear']
  /** Looks again after each call, webhook and change; the error says what was awaited. Default a minute. */
  readonly waitFor: Changes['waitFor']
  /** The chat as it is now; throws when there is none. */
  chat(id: number): Readonly<Chat>
  readonly chats: ReadonlyMap<number, Readonly<Chat>>
  readonly customers: ReadonlyMap<number, Readonly<Customer>>
  /** Uses up part of this minute's calls, as another script of the account would. */
  spendCalls(calls: number, apiKey?: string): void
  /** As if HelpCrunch were down: connections are dropped and refused until `acceptConnections`. */
  refuseConnections(): Promise<void>
  acceptConnections(): Promise<void>
  /** Closes every socket and timer at once. */
  stop(): Promise<void>
}

/** Starts a simulated HelpCrunch account, empty, on a free port of this machine. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const timers = createTimers()
  const account = createAccount(options, timers)
  const webhooks = new WebhookSender(account, options.signingKeys)
  account.emit = (event, eventData) => webhooks.queue(event, eventData)
  const calls = createCallLog(account.now)
  const faults = createFaults()
  const apiKeys = [options.apiKey, ...(options.otherApiKeys ?? [])]
  const latency = options.latency ?? { minMs: 0, maxMs: 0 }
  const server = new ApiServer({ account, calls, faults, apiKeys, latency })
  await server.listen()
  return {
    ...createCustomerScript(account),
    ...createChatScript(account),
    apiUrl: `http://127.0.0.1:${server.port}/v1`,
    ...{ switches: account.switches, calls, webhooks, chats: account.chats, customers: account.customers },
    deliver: (handmade) => webhooks.deliver(handmade),
    ...{ script: faults.script, clearFaults: faults.clear, waitFor: account.changes.waitFor },
    chat: (id) => existing(account.chats, id, 'chat'),
    spendCalls: (count, apiKey = options.apiKey) => server.spend(count, apiKey),
    refuseConnections: () => server.close(),
    acceptConnections: () => server.listen(),
    async stop() {
      timers.clear()
      account.changes.close()
      await Promise.all([webhooks.stop(), server.close()])
    },
  }
}

function createAccount(options: SimulatorOptions, timers: Timers): Account {
  let lastId = 7_000_000
  return {
    switches: { ...DEFAULT_SWITCHES, ...options.switches },
    customers: new Map(),
    chats: new Map(),
    departments: new Map(),
    agents: new Map(),
    changes: createChanges(),
    now: options.now ?? (() => new Date()),
    random: seededRandom(options.seed ?? 1),
    nextId() {
      lastId += 1
      return lastId
    },
    emit: () => undefined,
    later: timers.later,
  }
}

interface Timers {
  readonly later: Account['later']
  clear(): void
}

/** Timers that end together; after that, new ones are never started: a webhook that fails by the stop asks for another try. */
function createTimers(): Timers {
  const pending = new Set<NodeJS.Timeout>()
  let isCleared = false
  return {
    later(afterMs, run) {
      if (isCleared) return
      const timer = setTimeout(() => {
        pending.delete(timer)
        run()
      }, afterMs)
      pending.add(timer)
    },
    clear() {
      isCleared = true
      for (const timer of pending) clearTimeout(timer)
      pending.clear()
    },
  }
}
