import { isJsonObject } from '../../domain/json-object.ts'
import type { Account, Chat, ChatStatus } from './account.ts'
import type { ApiReply } from './api-replies.ts'
import { refuse } from './api-replies.ts'
import type { ApiRequest, Route } from './api-request.ts'
import { readId } from './api-request.ts'
import { assignChat, emitChat, moveChat, setStatus } from './chat-effects.ts'
import { restChat } from './rest-models.ts'

/** The endpoints that change a chat; its id is in the body, not in the path. */
export const putRoutes: readonly Route[] = [
  put('department', putDepartment),
  put('assignee', putAssignee),
  put('status', putStatus),
]

/** Changes the chat, or answers why not. */
type Change = (account: Account, chat: Chat, value: unknown) => ApiReply | undefined

function put(field: string, change: Change): Route {
  return {
    method: 'PUT',
    pattern: new RegExp(`^/v1/chats/${field}$`),
    answer(account, request) {
      const target = readTarget(account, request, field)
      if (target.kind === 'refused') return target.reply
      return change(account, target.chat, target.value) ?? { status: 200, body: restChat(account, target.chat) }
    },
  }
}

type Target = { kind: 'refused'; reply: ApiReply } | { kind: 'found'; chat: Chat; value: unknown }

function readTarget(account: Account, request: ApiRequest, field: string): Target {
  const { switches } = account
  const { body } = request
  if (!isJsonObject(body)) return { kind: 'refused', reply: refuse(switches, { kind: 'bad_request' }) }
  const id = readId(account, body.id)
  if (id === undefined) return { kind: 'refused', reply: notNumeric(account, 'id') }
  const unexpected = Object.keys(body).find((key) => key !== 'id' && key !== field)
  if (unexpected !== undefined && switches.extraRequestFields === 'refused') {
    return { kind: 'refused', reply: invalid(account, unexpected, 'This field was not expected.') }
  }
  if (!(field in body)) return { kind: 'refused', reply: invalid(account, field, 'This value should not be blank.') }
  const chat = account.chats.get(id)
  if (chat !== undefined) return { kind: 'found', chat, value: body[field] }
  const reply = refuse(switches, { kind: 'missing_in_put', status: switches.unknownChat })
  return { kind: 'refused', reply }
}

function putDepartment(account: Account, chat: Chat, value: unknown): ApiReply | undefined {
  const { switches } = account
  const isNone = value === null || value === 0
  if (isNone && switches.departmentNull === 'refused') return notValid(account, 'department')
  const id = isNone ? null : readId(account, value)
  if (id === undefined) return notNumeric(account, 'department')
  if (id !== null && !account.departments.has(id)) return notValid(account, 'department')
  if (chat.status === 'closed' && switches.closedChatPut === 'refused') return notValid(account, 'department')
  if (chat.departmentId === id && switches.sameDepartment === 'refused') return notValid(account, 'department')
  moveChat(account, chat, id)
  for (let echo = 0; echo < switches.echoesPerPut; echo += 1) {
    emitChat(account, echo % 2 === 0 ? 'chat.status_updated' : 'chat.assigned', chat)
  }
  return undefined
}

function putAssignee(account: Account, chat: Chat, value: unknown): ApiReply | undefined {
  const id = value === null ? null : readId(account, value)
  if (id === undefined) return notNumeric(account, 'assignee')
  if (id !== null && !account.agents.has(id)) return notValid(account, 'assignee')
  assignChat(account, chat, id)
  return undefined
}

function putStatus(account: Account, chat: Chat, value: unknown): ApiReply | undefined {
  const status = typeof value === 'string' ? STATUSES.get(value) : undefined
  if (status === undefined) return notValid(account, 'status')
  setStatus(account, chat, status)
  return undefined
}

/** All spellings that HelpCrunch's pages and clients use; `empty` is only ever an answer. */
const STATUSES: ReadonlyMap<string, ChatStatus> = new Map<string, ChatStatus>([
  ['new', 'new'],
  ['open', 'opened'],
  ['opened', 'opened'],
  ['pending', 'pending'],
  ['on hold', 'on hold'],
  ['on-hold', 'on hold'],
  ['onhold', 'on hold'],
  ['no communication', 'no communication'],
  ['closed', 'closed'],
])

function notNumeric(account: Account, field: string): ApiReply {
  return invalid(account, field, 'This value should be of type numeric.')
}

function notValid(account: Account, field: string): ApiReply {
  return invalid(account, field, 'This value is not valid.')
}

function invalid(account: Account, field: string, message: string): ApiReply {
  return refuse(account.switches, { kind: 'invalid_field', field, message })
}
