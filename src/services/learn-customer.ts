import {
  type CustomerProfile,
  changesTags,
  learnFromCustomerEvent,
  learnFromLateCustomerEvent,
} from '../domain/customer-profile.ts'
import { readStoredEvent } from '../domain/read-stored-event.ts'
import type { Log } from './log.ts'
import { forgetStartInTrouble, NEVER_ENDED, STARTS_MAX } from './waiting-event.ts'

export interface CustomerEvent {
  readonly seq: bigint
  readonly customerId: number
  readonly body: string
  readonly happenedAt: Date
  readonly known:
    | { readonly profile: CustomerProfile; readonly revision: number; readonly learnedAt: Date | undefined }
    | undefined
}

/** What is known of a customer after an event. */
export interface LearnedCustomer {
  readonly profile: CustomerProfile
  /** Whether the tags that a look-up has read by now may be old. */
  readonly changesTags: boolean
}

/** The port this service needs; `adapters/prisma/customer-store.ts` implements it. */
export interface CustomerMemory {
  /** Counts up how often the work on a customer event was begun; undefined when it does not wait any more. */
  start(seq: bigint): Promise<{ readonly id: string; readonly type: string; readonly starts: number } | undefined>
  /** Does not count the last start. */
  forgetStart(seq: bigint): Promise<void>
  setAside(seq: bigint, problem: string): Promise<void>
  /** A waiting customer event; undefined when it has been dealt with. */
  find(seq: bigint): Promise<CustomerEvent | undefined>
  /** Ends the event, and keeps what it leads to if nobody wrote in between: one statement. False when somebody did. */
  keep(event: CustomerEvent, learned: LearnedCustomer | undefined): Promise<boolean>
}

/** Takes into account what a `customer.*` event tells. Events may come in any order. */
export async function learnCustomer(memory: CustomerMemory, log: Log, seq: bigint): Promise<void> {
  const started = await memory.start(seq)
  if (started === undefined) return
  if (started.starts > STARTS_MAX) {
    await memory.setAside(seq, NEVER_ENDED)
    log.error({ eventId: started.id, type: started.type, problem: NEVER_ENDED }, 'event.set_aside')
    return
  }
  await forgetStartInTrouble(
    () => learnFromEvent(memory, seq),
    () => memory.forgetStart(seq),
  )
}

async function learnFromEvent(memory: CustomerMemory, seq: bigint): Promise<void> {
  for (;;) {
    const event = await memory.find(seq)
    if (event === undefined) return
    if (await memory.keep(event, learn(event))) return
  }
}

function learn({ known, body, happenedAt }: CustomerEvent): LearnedCustomer | undefined {
  const envelope = readStoredEvent(body)
  const isLate = known?.learnedAt !== undefined && known.learnedAt > happenedAt
  const learnFrom = isLate ? learnFromLateCustomerEvent : learnFromCustomerEvent
  const profile = learnFrom(known?.profile ?? {}, envelope)
  return profile && { profile, changesTags: changesTags(envelope) }
}
