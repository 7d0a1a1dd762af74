import { setTimeout as sleep } from 'node:timers/promises'
import type { ChatBook } from './chat-book.ts'
import type { Random } from './simulator/seeded-random.ts'
import { seededRandom } from './simulator/seeded-random.ts'
import type { Simulator } from './simulator/simulator.ts'
import { DEPARTMENTS } from './world/departments.ts'
import { type Visit, visits } from './world/visits.ts'

export interface CustomerTraffic {
  readonly simulator: Simulator
  readonly book: ChatBook
  readonly seed: number
  /** Undefined never ends. */
  readonly chats: number | undefined
  /** Between two visits; each pause is drawn anew. */
  readonly meanPauseMs: number
  readonly signal: AbortSignal
}

/** How many visits later something happens to a chat: by then it is usually decided. */
const LATER = { repeated: 3, cameBack: 4, answered: 6 }
const ANSWER = 'Thank you for writing! I am looking into it.'

/** Lets customers come, one chat each, and agents work on the chats that were routed. Ends when all have come, or when aborted. */
export async function sendCustomers(traffic: CustomerTraffic): Promise<void> {
  const { seed, chats = Number.POSITIVE_INFINITY, signal } = traffic
  const random = seededRandom(seed)
  const chatIds: number[] = []
  for (const visit of visits(random)) {
    if (chatIds.length >= chats || signal.aborted) return
    const index = chatIds.length
    const settled = (ago: number) => chatIds.slice(index - ago, index - ago + 1).find(traffic.book.isSettled)
    chatIds.push(openChat(traffic, index, visit, settled(LATER.cameBack)))
    work(traffic, index, settled, random)
    await pause(traffic, random)
  }
}

/** Most chats are somebody's first; now and then a customer comes back, or an agent has the chat from the beginning. */
function openChat({ simulator, book }: CustomerTraffic, index: number, visit: Visit, earlier: number | undefined) {
  const { id: customerId } = visit.customer
  const chat = { customerId, text: visit.text }
  const before = index % 7 === 5 && earlier !== undefined ? simulator.chat(earlier) : undefined
  const opened = () => {
    if (before !== undefined) {
      // Who comes back is shown to the department that had them last.
      const { departmentId } = before
      simulator.closeChat(before.id)
      const text = before.messages[0]?.text ?? visit.text
      return simulator.openChat({ customerId: before.customerId, text, ...(departmentId && { departmentId }) })
    }
    return simulator.openChat(index % 11 === 8 ? { ...chat, assigneeId: agentOf(index) } : chat)
  }
  const { id } = opened()
  book.open(id)
  return id
}

/** `populate` numbers the agents of a department from ten times its id. */
function agentOf(index: number): number {
  return (DEPARTMENTS[index % DEPARTMENTS.length]?.id ?? 0) * 10
}

function work(
  { simulator, book }: CustomerTraffic,
  index: number,
  settled: (ago: number) => number | undefined,
  random: Random,
): void {
  const repeated = settled(LATER.repeated)
  if (index % 9 === 7 && repeated !== undefined) {
    if (index % 2 === 0) simulator.agentMovesChat(repeated, elsewhere(simulator.chat(repeated).departmentId))
    book.expectAnother(repeated)
    tellAgain(simulator, repeated)
  }
  const answered = settled(LATER.answered)
  if (answered === undefined) return
  const { departmentId, status } = simulator.chat(answered)
  if (departmentId === null || status === 'closed') return
  simulator.sendMessage(answered, ANSWER, 'agent', departmentId * 10)
  if (random() < 0.5) simulator.sendMessage(answered, 'Thanks!')
  else simulator.closeChat(answered)
}

function elsewhere(departmentId: number | null): number | null {
  return DEPARTMENTS.find(({ id }) => id !== departmentId)?.id ?? null
}

/** HelpCrunch sends an event once more under another id, as senders do that lost the reply. */
function tellAgain(simulator: Simulator, chatId: number): void {
  const { customerId, applicationId, departmentId } = simulator.chat(chatId)
  const department = departmentId === null ? null : { id: departmentId }
  const eventData = { chat_id: chatId, customer: { id: customerId }, applicationId, department }
  const envelope = { event: 'chat.new', eventData: { ...eventData, status: 'new', assignee: null } }
  // Its outcome is seen as a decision; a service that refuses it is found out by the decision that never comes.
  simulator.deliver({ envelope }).catch(() => undefined)
}

/** From a third of the mean to five thirds, like people. */
async function pause({ meanPauseMs, signal }: CustomerTraffic, random: Random): Promise<void> {
  const pauseMs = meanPauseMs * (1 / 3 + (random() * 4) / 3)
  await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
}
