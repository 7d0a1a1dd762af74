import { setTimeout as sleep } from 'node:timers/promises'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import { openChat, type Peers } from './cluster.ts'
import { type Delivery, deliver } from './deliver.ts'
import { ORDERED, orderTo } from './orders.ts'
import type { Stage } from './scenario.ts'
import type { Sender } from './sender.ts'

/** What happened to one chat, in the order in which it happened; it may have arrived in any other. */
export interface Story {
  readonly chatId: number
  /** What each event asks for, the oldest first. */
  readonly wanted: readonly number[]
  /** When the webhook about the new chat was first sent, and first taken. */
  readonly announced: Delivery
  /** An agent's move of the chat; undefined where none was made. */
  readonly moved: PersonsMove | undefined
}

/** `afterCall` is the last call that HelpCrunch had got before it: of one millisecond, its clock does not tell the order. */
export interface PersonsMove {
  readonly atMs: number
  readonly afterCall: number
}

/** Where agents move chats; no rule does. */
export const PERSONS_CHOICE = 40
/** HelpCrunch's clock counts seconds: so far apart, two events have an order. */
const BETWEEN_EVENTS_MS = 1_100
const DELAY_MS = { short: 50, long: 4_000, longWhenQuick: 1_500 }
const COPIES_MAX = 2
/** A worker takes about so long, on a machine that does much else, from what it knows of a chat to its look: what arrives meanwhile it reads next. */
const DECIDING_MS = 500

/** Lives through one chat: up to two messages after its opening, each webhook delayed and doubled by chance, and an agent in between. */
export async function liveThrough(stage: Stage, { simulator, url }: Peers, sender: Sender): Promise<Story> {
  const { random } = stage
  const longMs = stage.size(DELAY_MS.long, DELAY_MS.longWhenQuick)
  const deliverLate = async (webhook: { id: string }) => {
    await sleep(random() < 0.5 ? random() * DELAY_MS.short : random() * longMs)
    return await deliver(sender, url, webhook)
  }
  const deliverCopies = (webhook: { id: string }) =>
    Promise.all(Array.from({ length: 1 + Math.floor(random() * COPIES_MAX) }, () => deliverLate(webhook)))

  const { chatId, envelope } = openChat(simulator)
  const moving = random() < 0.3 ? moveByPerson(simulator, chatId, random() * (BETWEEN_EVENTS_MS + longMs)) : undefined
  const deliveries = [deliverCopies(envelope)]
  const wanted = [ORDERED[0] ?? 0]
  for (let messages = Math.floor(random() * stage.size(3, 2)); messages > 0; messages--) {
    await sleep(BETWEEN_EVENTS_MS)
    const department = ORDERED[1 + Math.floor(random() * (ORDERED.length - 1))] ?? 0
    wanted.push(department)
    deliveries.push(deliverCopies(orderTo(department, chatId)))
  }
  const [announcements = []] = await Promise.all(deliveries)
  const earliest = (time: keyof Delivery) => Math.min(...announcements.map((delivery) => delivery[time]))
  const announced = { sentAtMs: earliest('sentAtMs'), takenAtMs: earliest('takenAtMs') }
  return { chatId, wanted, announced, moved: await moving }
}

async function moveByPerson(simulator: Simulator, chatId: number, afterMs: number): Promise<PersonsMove> {
  await sleep(afterMs)
  simulator.agentMovesChat(chatId, PERSONS_CHOICE)
  return { atMs: Date.now(), afterCall: simulator.calls.all.at(-1)?.number ?? 0 }
}

/** How a story should have ended, and what became of it. */
export interface Judgement {
  /** Neither where the newest event wants it, nor where a person has put it. */
  readonly hasDiverged: boolean
  /**
   * `told`: we moved the chat away from where a person had put it, although we could have known. `unseen`: we saw it there, and
   * nothing had told us yet that it began elsewhere. `window`: the person came between our look and our call.
   */
  readonly override: 'none' | 'told' | 'unseen' | 'window'
  /** From what was last known of the chat to each move, in milliseconds. */
  readonly windowsMs: readonly number[]
}

/** Compares a story with where its chat is now, and with the calls that were made about it. */
export function judge({ calls, chat }: Simulator, story: Story): Judgement {
  const { chatId, wanted, announced, moved } = story
  const movedAtMs = moved?.atMs ?? Number.POSITIVE_INFINITY
  const puts = calls.departmentPuts(chatId).map((put) => ({ atMs: put.at.getTime(), number: put.number }))
  const looks = calls.where({ method: 'GET', chatId }).map(({ at }) => at.getTime())
  const seenBefore = (atMs: number) => looks.findLast((look) => look <= atMs) ?? announced.sentAtMs
  const first = puts.find(({ number }) => number > (moved?.afterCall ?? Number.POSITIVE_INFINITY))
  const override = first === undefined ? 'none' : judgeOverride(first.atMs)
  const expected = moved === undefined ? wanted.at(-1) : PERSONS_CHOICE
  const hasDiverged = override === 'none' && chat(chatId).departmentId !== expected
  return { hasDiverged, override, windowsMs: puts.map(({ atMs }) => atMs - seenBefore(atMs)) }

  function judgeOverride(putAtMs: number): Judgement['override'] {
    const look = looks.findLast((at) => at <= putAtMs)
    if (look === undefined || look <= movedAtMs) return 'window'
    return announced.takenAtMs < look - DECIDING_MS || looks.some((at) => at <= movedAtMs) ? 'told' : 'unseen'
  }
}
