import { type CustomerProfile, learnFromCustomerEvent } from '../domain/customer-profile.ts'
import { readStoredEvent } from '../domain/read-stored-event.ts'
import type { Log } from './log.ts'
import { NEVER_ENDED, STARTS_MAX } from './waiting-event.ts'

export interface CustomerEvent {
  readonly seq: bigint
  readonly customerId: number
  readonly body: string
  readonly happenedAt: Date
  readonly known:
    | { readonly profile: CustomerProfile; readonly revision: number; readonly learnedAt: Date | undefined }
    | undefined
}

/** The port this service needs; `adapters/prisma/customer-store.ts` implements it. */
export interface CustomerMemory {
  /** Counts up how often the work on a customer event was begun; undefined when it does not wait any more. */
  start(seq: bigint): Promise<{ readonly id: string; readonly type: string; readonly starts: number } | undefined>
  setAside(seq: bigint, problem: string): Promise<void>
  /** A waiting customer event; undefined when it has been dealt with. */
  find(seq: bigint): Promise<CustomerEvent | undefined>
  /** Ends the event, and keeps the profile if nobody wrote in between: one statement. False when somebody did. */
  keep(event: CustomerEvent, profile: CustomerProfile | undefined): Promise<boolean>
}

/** Takes into account what a `customer.*` event tells. An event older than one already learned from changes nothing. */
export async function learnCustomer(memory: CustomerMemory, log: Log, seq: bigint): Promise<void> {
  const started = await memory.start(seq)
  if (started === undefined) return
  if (started.starts > STARTS_MAX) {
    await memory.setAside(seq, NEVER_ENDED)
    log.error({ eventId: started.id, type: started.type, problem: NEVER_ENDED }, 'event.set_aside')
    return
  }
  for (;;) {
    const event = await memory.find(seq)
    if (event === undefined) return
    const isOutdated = event.known?.learnedAt !== undefined && event.known.learnedAt > event.happenedAt
    const profile = isOutdated
      ? undefined
      : learnFromCustomerEvent(event.known?.profile ?? {}, readStoredEvent(event.body))
    if (await memory.keep(event, profile)) return
  }
}
