import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChatBook, createChatBook } from './chat-book.ts'
import { createDecisionFeed } from './decision-feed.ts'
import { decisionLine, decisionTitles } from './decision-line.ts'
import { footerLine } from './footer-line.ts'
import type { SandboxOptions } from './parse-options.ts'
import { createRouterApi, type Decision } from './router-api.ts'
import { sendCustomers } from './send-customers.ts'
import { createParts, type Parts, type Sandbox, startSandbox } from './start-sandbox.ts'
import { summary } from './summary.ts'
import { createTally } from './tally.ts'
import type { Terminal } from './terminal.ts'
import { welcome } from './welcome.ts'

export interface SandboxRun extends SandboxOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly terminal: Terminal
  /** Aborted with an error when the process has failed, else by whoever wants it to end. */
  readonly signal: AbortSignal
}

/** Visits are as frequent as the account's 120 calls a minute can bear for long; with `--chats`, for as long as they last. */
const MEAN_PAUSE_MS = { endless: 1_300, counted: 300 }
/** What a last look may take after Ctrl-C. */
const LAST_LOOK_MS = 400
const INTERRUPTED = 130
const POLL_MS = 120
/** A minute's budget may have to come back first; this is more than twice as long. */
const STALL_MS_MAX = 150_000

/** Starts everything, shows each decision, stops everything, and gives the exit code. */
export async function runSandbox(run: SandboxRun): Promise<number> {
  const { terminal, signal } = run
  const parts = createParts()
  let code = 1
  try {
    code = await play(run, parts)
  } catch (error) {
    const reason: unknown = signal.reason instanceof Error ? signal.reason : error
    terminal.footer('')
    if (signal.aborted && !(signal.reason instanceof Error)) code = stoppedEarly(terminal)
    else complain(terminal, reason instanceof Error ? reason.message : String(reason))
  }
  terminal.footer(' Stopping …')
  const problems = await parts.stop()
  terminal.footer('')
  for (const problem of problems) {
    complain(terminal, problem)
    code = 1
  }
  return code
}

/** As after any program that Ctrl-C has ended. */
function stoppedEarly(terminal: Terminal): number {
  terminal.print(' Stopped before the first customer came.')
  return INTERRUPTED
}

function complain(terminal: Terminal, message: string): void {
  terminal.print(`\n ${terminal.paint('red', '✗')} ${message}`)
}

async function play(run: SandboxRun, parts: Parts): Promise<number> {
  const { terminal, chats } = run
  const { sandbox, departmentName } = await start(run, parts)
  const book = createChatBook()
  const tally = createTally()
  const show = (decision: Decision) => {
    tally.add(decision)
    if (decision.eventType === 'chat.new') book.settle(decision.chatId)
    const shown = { decision, departmentName, ...whoWrote(sandbox, decision) }
    terminal.print(decisionLine(shown, terminal.width, terminal.paint))
  }
  const stalled = await route(run, sandbox, book, show)
  terminal.footer('')
  const { width, paint } = terminal
  const calls = sandbox.simulator.calls.all
  for (const line of summary({ tally, book, calls, departmentName, width, paint })) terminal.print(line)
  if (stalled.length > 0) {
    complain(terminal, `No decision came for chat ${stalled.join(', ')}.`)
    return 1
  }
  // Without a number, Ctrl-C is how it ends.
  return chats === undefined || book.decided === chats ? 0 : INTERRUPTED
}

/** Starts everything and says what runs where. */
async function start({ terminal, env, seed, chats, signal }: SandboxRun, parts: Parts) {
  terminal.print('')
  terminal.footer(' Starting Postgres, a simulated HelpCrunch and the service …')
  const sandbox = await startSandbox(env, seed, parts, signal)
  const api = createRouterApi(sandbox.url, sandbox.token)
  const [departments, ruleCount] = await Promise.all([api.departments(), api.ruleCount()])
  terminal.footer('')
  const { width, paint } = terminal
  const lines = welcome({ sandbox, departmentCount: departments.length, ruleCount, chats, paint })
  for (const line of [...lines, decisionTitles(width, paint)]) terminal.print(line)
  const names = new Map(departments.map(({ id, name }) => [id, name]))
  return { sandbox, departmentName: (id: number) => names.get(id) ?? `department ${id}` }
}

function whoWrote({ simulator }: Sandbox, { chatId, customerId }: Decision) {
  const customer = simulator.customers.get(customerId ?? Number.NaN)
  return { customer: customer?.name ?? 'somebody', message: simulator.chats.get(chatId)?.messages[0]?.text ?? '' }
}

/** Customers come and decisions are shown until all are there, or until aborted; gives the chats for which none came. */
async function route(
  { chats, seed, signal, terminal }: SandboxRun,
  sandbox: Sandbox,
  book: ChatBook,
  show: (decision: Decision) => void,
): Promise<readonly number[]> {
  const { simulator } = sandbox
  const feed = createDecisionFeed(createRouterApi(sandbox.url, sandbox.token))
  const meanPauseMs = chats === undefined ? MEAN_PAUSE_MS.endless : MEAN_PAUSE_MS.counted
  let haveAllCome = false
  const coming = sendCustomers({ simulator, book, seed, chats, meanPauseMs, signal }).then(() => {
    haveAllCome = true
  })
  const emptyHanded = emptyHandedAfterStop(signal)
  let lastAtMs = performance.now()
  while (true) {
    const isLastLook = signal.aborted
    const decisions = await Promise.race([feed.next(), emptyHanded])
    for (const decision of decisions) show(decision)
    if (decisions.length > 0 || book.openChatIds.length === 0) lastAtMs = performance.now()
    if (isLastLook || (haveAllCome && book.openChatIds.length === 0)) break
    const quietMs = performance.now() - lastAtMs
    if (quietMs > STALL_MS_MAX) return book.openChatIds
    terminal.footer(footerLine({ chats, book, quietMs, calls: simulator.calls.all, ...terminal }))
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
  await coming
  if (signal.reason instanceof Error) throw signal.reason
  return []
}

/** Nothing, a moment after the stop: a service that hangs must not keep whoever wants to leave. */
async function emptyHandedAfterStop(signal: AbortSignal): Promise<Decision[]> {
  if (!signal.aborted) await once(signal, 'abort')
  return sleep(LAST_LOOK_MS, [], { ref: false })
}
