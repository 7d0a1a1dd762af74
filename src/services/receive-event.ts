import { randomUUID } from 'node:crypto'
import { readWebhookBody } from '../domain/webhook-body.ts'
import { readEnvelope, readSubject, type WebhookEnvelope } from '../domain/webhook-event.ts'
import type { Log } from './log.ts'

/** A genuine webhook on its way into the database. */
export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly chatId: number | undefined
  readonly customerId: number | undefined
  /** Only a `waiting` event gets a job. */
  readonly status: 'waiting' | 'ignored' | 'unreadable' | 'set_aside'
  readonly problem: string | undefined
  readonly body: Uint8Array
  readonly happenedAt: Date | undefined
}

/** The port this service needs; `adapters/prisma/event-inbox.ts` implements it. */
export interface EventInbox {
  /** Stores the event and its job in one statement; `inserted` is false when its id was seen before. */
  insertOnce(event: NewEvent): Promise<{ inserted: boolean }>
}

export type Receipt =
  | { readonly kind: 'stored'; readonly status: 'accepted' | 'duplicate' | 'ignored'; readonly eventId: string }
  | { readonly kind: 'unreadable'; readonly eventId: string; readonly problem: string }

/** Takes in a webhook whose signature was good. When it returns, the event is on disk; when it throws, HelpCrunch must send it again. */
export async function receiveEvent(inbox: EventInbox, log: Log, body: Uint8Array): Promise<Receipt> {
  const json = readWebhookBody(body)
  if (json.kind === 'unreadable') return keepUnreadable(inbox, log, body, json.problem)
  const reading = readEnvelope(json.value)
  if (reading.kind === 'not_an_envelope') return keepUnreadable(inbox, log, body, reading.problem)
  const event = describe(reading.envelope, body)
  if (event.status === 'set_aside')
    log.error({ eventId: event.id, type: event.type, problem: event.problem }, 'event.set_aside')
  const { inserted } = await inbox.insertOnce(event)
  const status = inserted ? (event.status === 'ignored' ? 'ignored' : 'accepted') : 'duplicate'
  return { kind: 'stored', status, eventId: event.id }
}

/** It is genuine, so it is kept: a later version, or a person, may read it. */
async function keepUnreadable(inbox: EventInbox, log: Log, body: Uint8Array, problem: string): Promise<Receipt> {
  const id = `unreadable-${randomUUID()}`
  log.error({ eventId: id, problem }, 'event.unreadable')
  const nobody = { chatId: undefined, customerId: undefined, happenedAt: undefined }
  await inbox.insertOnce({ id, type: 'unreadable', status: 'unreadable', problem, body, ...nobody })
  return { kind: 'unreadable', eventId: id, problem }
}

function describe(envelope: WebhookEnvelope, body: Uint8Array): NewEvent {
  const subject = readSubject(envelope)
  const event = { id: envelope.id, type: envelope.type, body, happenedAt: envelope.createdAt }
  const nobody = { chatId: undefined, customerId: undefined }
  switch (subject.kind) {
    case 'chat':
      return { ...event, chatId: subject.chatId, customerId: subject.customerId, status: 'waiting', problem: undefined }
    case 'customer':
      return { ...event, chatId: undefined, customerId: subject.customerId, status: 'waiting', problem: undefined }
    case 'unknown_type':
      return { ...event, ...nobody, status: 'ignored', problem: 'This event type is not known.' }
    case 'unusable':
      return { ...event, ...nobody, status: 'set_aside', problem: subject.problem }
  }
}
