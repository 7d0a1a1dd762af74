import type { SimulatorSwitches } from './switches.ts'

/** What a route answers with, before any fault is put on it. */
export interface ApiReply {
  readonly status: number
  readonly body: unknown
}

/** Why the API says no; the dialect decides how it says so. */
export type Refusal =
  | { kind: 'bad_request' }
  | { kind: 'invalid_field'; field: string; message: string }
  | { kind: 'invalid_token' }
  | { kind: 'not_found'; resource: 'Chat' | 'Customer' | 'Route' }
  | { kind: 'missing_in_put'; status: 400 | 404 }
  | { kind: 'too_many_requests' }

/** An error in the generation of bodies that is switched on; both are in HelpCrunch's documentation. */
export function refuse(switches: SimulatorSwitches, refusal: Refusal): ApiReply {
  const errors = switches.errorDialect === 'new' ? newErrors(switches, refusal) : oldErrors(refusal)
  return { status: statusOf(refusal), body: { errors } }
}

interface ApiError {
  readonly code: string
  readonly message: string
}

function statusOf(refusal: Refusal): number {
  switch (refusal.kind) {
    case 'bad_request':
    case 'invalid_field':
      return 400
    case 'invalid_token':
      return 401
    case 'not_found':
      return 404
    case 'missing_in_put':
      return refusal.status
    case 'too_many_requests':
      return 429
  }
}

function newErrors(switches: SimulatorSwitches, refusal: Refusal): readonly ApiError[] {
  const generic = { code: 'invalid_request', message: 'Invalid request' }
  switch (refusal.kind) {
    case 'bad_request':
      return [generic]
    case 'invalid_field':
      return [generic, { code: refusal.field, message: refusal.message }]
    case 'invalid_token':
      return [generic, { code: 'unauthorized', message: 'Unauthorized' }]
    case 'not_found': {
      const resource = switches.notFoundText === 'by_resource' ? refusal.resource : 'Chat'
      return [generic, { code: 'not_found', message: `${resource} not found` }]
    }
    case 'missing_in_put':
      return [generic, { code: 'not_found', message: 'Chat not found' }]
    case 'too_many_requests':
      return [generic, { code: 'too_many_requests', message: 'Too many requests' }]
  }
}

function oldErrors(refusal: Refusal): readonly ApiError[] {
  switch (refusal.kind) {
    case 'bad_request':
      return [{ code: 'invalid_chat_value', message: 'Invalid request' }]
    case 'invalid_field': {
      const message = refusal.field === 'id' ? 'Invalid chat ID' : `${refusal.field} value is invalid`
      return [{ code: 'invalid_chat_value', message }]
    }
    case 'invalid_token':
      return [{ code: 'invalid_token', message: 'Invalid token' }]
    case 'not_found': {
      const code = refusal.resource === 'Chat' ? 'chat_not_found' : 'entity_not_found'
      return [{ code, message: `${refusal.resource} not found` }]
    }
    case 'missing_in_put':
      return [{ code: 'chat_not_found', message: 'Chat is missing' }]
    case 'too_many_requests':
      return [{ code: 'too_many_requests', message: 'You have exceeded your requests limit' }]
  }
}
