import { readWebhookText } from './webhook-body.ts'
import { readEnvelope, type WebhookEnvelope } from './webhook-event.ts'

/** The envelope of a stored event, from its body as text: what was readable when it came in is readable still. */
export function readStoredEvent(body: string): WebhookEnvelope {
  const json = readWebhookText(body)
  const reading = json.kind === 'json' ? readEnvelope(json.value) : undefined
  if (reading?.kind !== 'envelope') throw new Error('A stored event can no longer be read as an envelope.')
  return reading.envelope
}
