import { isJsonObject } from '../../domain/json-object.ts'
import type { Account, Chat } from './account.ts'
import type { ApiReply } from './api-replies.ts'
import { refuse } from './api-replies.ts'
import type { ApiRequest, Route } from './api-request.ts'
import { pageOf } from './api-request.ts'
import { restChat } from './rest-models.ts'
import { sortedChats } from './routes-chats.ts'

/** Searching chats; of the documented fields those that hold one id. */
export const searchRoutes: readonly Route[] = [
  { method: 'POST', pattern: /^\/v1\/chats\/search$/, answer: (account, request) => search(account, request) },
]

type Matcher = (chat: Chat) => boolean

const FIELDS: ReadonlyMap<unknown, (chat: Chat) => number | null> = new Map<unknown, (chat: Chat) => number | null>([
  ['chats.customer', (chat) => chat.customerId],
  ['chats.department', (chat) => chat.departmentId],
  ['chats.assignee', (chat) => chat.assigneeId],
])

function search(account: Account, { body }: ApiRequest): ApiReply {
  const { switches } = account
  if (!isJsonObject(body) || switches.chatSearch === 'refused') return refuse(switches, { kind: 'bad_request' })
  const matchers = readFilters(body.filter ?? [])
  if (matchers === undefined)
    return invalid(account, 'filter[0].field', 'The value you selected is not a valid choice.')
  const sorted = sortedChats(account, body.sort, body.order)
  if (sorted === undefined) return invalid(account, 'sort', 'The value you selected is not a valid choice.')
  const isAnd = body.comparison !== 'OR'
  const matches: Matcher = (chat) =>
    switches.chatSearch === 'ignores_filter' ||
    (isAnd ? matchers.every((matcher) => matcher(chat)) : matchers.some((matcher) => matcher(chat)))
  const found = sorted.map((chat) => asIndexed(account, chat)).filter(matches)
  return pageOf(
    account,
    found.map((chat) => restChat(account, chat)),
    { offset: Number(body.offset ?? 0), limit: Number(body.limit ?? 100) },
  )
}

function readFilters(filters: unknown): Matcher[] | undefined {
  if (!Array.isArray(filters)) return undefined
  const matchers = filters.flatMap((filter: unknown): Matcher[] => {
    const read = isJsonObject(filter) ? FIELDS.get(filter.field) : undefined
    // HelpCrunch's page: the type of a value must be its field's, or the query fails.
    if (!isJsonObject(filter) || read === undefined || typeof filter.value !== 'number') return []
    if (filter.operator === '=') return [(chat) => read(chat) === filter.value]
    return filter.operator === '!=' ? [(chat) => read(chat) !== filter.value] : []
  })
  return matchers.length === filters.length ? matchers : undefined
}

/** The chat as the search knows it: it may learn of a change of department later than the chat itself. */
function asIndexed(account: Account, chat: Chat): Chat {
  const change = chat.departmentChange
  const isBehind = change !== null && account.now().getTime() - change.at.getTime() < account.switches.searchLagMs
  return isBehind ? { ...chat, departmentId: change.from } : chat
}

function invalid(account: Account, field: string, message: string): ApiReply {
  return refuse(account.switches, { kind: 'invalid_field', field, message })
}
