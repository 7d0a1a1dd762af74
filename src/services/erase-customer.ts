import type { Identity } from './authenticate.ts'
import type { Log } from './log.ts'

/** Where a customer is spoken of. */
export interface CustomerTraces {
  readonly customerId: number
  /** The customer's chats: messages in them need not name the customer. */
  readonly chatIds: readonly bigint[]
  /** The e-mail addresses that were ever recorded, for webhooks that say neither whom nor which chat they are about. */
  readonly emails: readonly string[]
}

/** What is to be emptied: all of the customer's that was received until then. */
export interface ErasureScope extends CustomerTraces {
  /** The newest event of that moment; what is received later is a new matter. */
  readonly upTo: bigint
}

/** The port this service needs; `adapters/prisma/customer-records.ts` implements it. Whatever is emptied stays empty, and is found no more. */
export interface CustomerRecords {
  findTraces(customerId: number): Promise<CustomerTraces>
  newestEvent(): Promise<bigint>
  /** Empties some of the bodies, and ends those events that still wait. Gives how many; 0 when none is left. */
  eraseEvents(scope: ErasureScope): Promise<number>
  /** Empties those bodies that say neither whom nor which chat they are about, and yet mention the customer. Gives how many. */
  eraseStrayEvents(scope: ErasureScope): Promise<number>
  /** As `eraseEvents`, for the facts of decisions. */
  eraseDecisions(scope: ErasureScope): Promise<number>
  /** As `eraseEvents`, for replies of HelpCrunch. */
  eraseAttempts(scope: ErasureScope): Promise<number>
  /** Empties the messages of errors that the queue has kept. */
  eraseJobErrors(scope: ErasureScope): Promise<void>
  /** False when nothing was known. */
  forgetProfile(customerId: number): Promise<boolean>
  audit(erasure: Erasure, by: Identity): Promise<void>
}

/** What was erased, in numbers. */
export interface Erasure {
  readonly customerId: number
  readonly events: number
  readonly decisions: number
  readonly attempts: number
  /** Whether a profile was kept. */
  readonly profile: boolean
}

export type ErasureResult = { readonly kind: 'erased'; readonly erasure: Erasure } | { readonly kind: 'not_known' }

/**
 * Erases what is kept of a customer. The rows stay, for the counts and for "processed once"; what was personal in them
 * goes. Each step is a few rows at a time and can be repeated, so a request that was cut off is simply made again.
 */
export async function eraseCustomer(
  { records, log }: { readonly records: CustomerRecords; readonly log: Log },
  customerId: number,
  by: Identity,
): Promise<ErasureResult> {
  const traces = await records.findTraces(customerId)
  const wasKnown = await records.forgetProfile(customerId)
  // Asked after the profile is gone: whoever still works with it works on an event that is older than this.
  const scope = { ...traces, upTo: await records.newestEvent() }
  // First the events: work that finds its event ended writes nothing, so from then on nothing new comes to the rest.
  const events = (await untilNone(() => records.eraseEvents(scope))) + (await records.eraseStrayEvents(scope))
  const decisions = await untilNone(() => records.eraseDecisions(scope))
  const attempts = await untilNone(() => records.eraseAttempts(scope))
  await records.eraseJobErrors(scope)
  const cameBack = await records.forgetProfile(customerId) // by a look-up that was under way
  const erasure = { customerId, events, decisions, attempts, profile: wasKnown || cameBack }
  if (events + decisions + attempts === 0 && !erasure.profile) return { kind: 'not_known' }
  await records.audit(erasure, by)
  log.info(erasure, 'customer.erased')
  return { kind: 'erased', erasure }
}

async function untilNone(eraseSome: () => Promise<number>): Promise<number> {
  let total = 0
  for (;;) {
    const erased = await eraseSome()
    if (erased === 0) return total
    total += erased
  }
}
