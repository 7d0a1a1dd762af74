import type { Account, Chat } from './account.ts'
import { refuse } from './api-replies.ts'
import type { Route } from './api-request.ts'
import { listPage, readPage } from './api-request.ts'
import { restChat, restMessage } from './rest-models.ts'

/** The endpoints that read chats. */
export const chatRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: /^\/v1\/chats\/(\d+)$/,
    answer(account, _request, id) {
      const chat = account.chats.get(id)
      if (chat === undefined) return refuse(account.switches, { kind: 'not_found', resource: 'Chat' })
      return { status: 200, body: restChat(account, chat) }
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/chats$/,
    answer(account, request) {
      const sorted = sortedChats(account, request.query.get('sort'), request.query.get('order'))
      if (sorted === undefined) {
        const message = 'The value you selected is not a valid choice.'
        return refuse(account.switches, { kind: 'invalid_field', field: 'sort', message })
      }
      return listPage(
        account,
        request,
        sorted.map((chat) => restChat(account, chat)),
      )
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/chats\/(\d+)\/messages$/,
    answer(account, request, id) {
      const chat = account.chats.get(id)
      if (chat === undefined) return refuse(account.switches, { kind: 'not_found', resource: 'Chat' })
      const page = readPage(account, request)
      if (page === undefined) return refuse(account.switches, { kind: 'bad_request' })
      const newestFirst = chat.messages.toReversed().slice(page.offset, page.offset + page.limit)
      const messages = newestFirst.map((message) => restMessage(account, chat, message))
      // Unlike all other lists, this one has its total beside the data.
      return { status: 200, body: { [account.switches.messagesKey]: messages, total: chat.messages.length } }
    },
  },
]

type SortKey = (chat: Chat) => number

const SORT_KEYS: ReadonlyMap<unknown, SortKey> = new Map<unknown, SortKey>([
  ['chats.createdAt', (chat) => chat.createdAt.getTime()],
  ['chats.closedAt', (chat) => chat.closedAt?.getTime() ?? 0],
  ['chats.lastMessageAt', (chat) => chat.messages.at(-1)?.createdAt.getTime() ?? 0],
  [
    'chats.lastCustomerMessageAt',
    (chat) => chat.messages.findLast((message) => message.from === 'customer')?.createdAt.getTime() ?? 0,
  ],
])

/** All chats in the order asked for, the newest first by default; undefined when nothing can be sorted so. */
export function sortedChats(account: Account, sort: unknown, order: unknown): Chat[] | undefined {
  const key = SORT_KEYS.get(sort ?? 'chats.createdAt')
  if (key === undefined) return undefined
  const direction = String(order).toLowerCase() === 'asc' ? 1 : -1
  return [...account.chats.values()].sort((one, other) => direction * (key(one) - key(other) || one.id - other.id))
}
