import { readStoredEvent } from '../domain/read-stored-event.ts'
import { readSubject } from '../domain/webhook-event.ts'
import type { Log } from './log.ts'

/** What a retry looks at; the rest of the event is handed through. */
export interface StoredEvent {
  readonly seq: bigint
  readonly id: string
  readonly status: string
  readonly problem: string | null
  readonly chatId: number | null
  readonly customerId: number | null
  readonly finishedAt: Date | null
  readonly body: Uint8Array
  /** When the customer's data was erased, the body with it. */
  readonly erasedAt: Date | null
}

/** Whom an event is about: one of the two is there. */
export interface EventTarget {
  readonly chatId: number | null
  readonly customerId: number | null
}

/** The port this service needs; `adapters/prisma/retries.ts` implements it. */
export interface EventRetries {
  /** Makes an event that was set aside wait again, its starts forgotten, with its job: one statement. False when it is set aside no more. */
  startAgain(seq: bigint, target: EventTarget): Promise<boolean>
}

export interface RetryEventDependencies<Event extends StoredEvent> {
  readonly events: { find(id: string): Promise<Event | undefined> }
  readonly retries: EventRetries
  readonly log: Log
}

export type EventRetry<Event> =
  | { readonly kind: 'waiting'; readonly event: Event }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'refused'; readonly why: string }

/** Gives an event that was set aside another chance. One that did not say whom it is about is read anew: this version may know. */
export async function retryEvent<Event extends StoredEvent>(
  { events, retries, log }: RetryEventDependencies<Event>,
  id: string,
): Promise<EventRetry<Event>> {
  const event = await events.find(id)
  if (event === undefined) return { kind: 'not_found' }
  if (event.status !== 'set_aside') {
    return { kind: 'refused', why: `Its status is ${event.status}; only an event that was set aside can be retried.` }
  }
  if (event.erasedAt !== null) return { kind: 'refused', why: "The customer's data was erased, its body too." }
  const subject = readSubject(readStoredEvent(new TextDecoder().decode(event.body)))
  if (subject.kind === 'unknown_type') return { kind: 'refused', why: 'This event type is not known.' }
  if (subject.kind === 'unusable') return { kind: 'refused', why: `It still cannot be used: ${subject.problem}.` }
  const chatId = subject.kind === 'chat' ? subject.chatId : null
  const target = { chatId, customerId: subject.customerId ?? null }
  if (!(await retries.startAgain(event.seq, target))) {
    return { kind: 'refused', why: 'It changed at this very moment. Look at it again.' }
  }
  log.info({ eventId: id, ...target }, 'event.retried')
  return { kind: 'waiting', event: { ...event, ...target, status: 'waiting', problem: null, finishedAt: null } }
}
