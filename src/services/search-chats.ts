import { type ChatState, readChatStates } from '../domain/chat-list.ts'
import { type BodyVerdict, type CallResult, judgeBody } from '../domain/retry-policy.ts'
import type { ApiRequest } from './call-ledger.ts'

/** A chat, and whose it is. */
export interface ChatOfCustomer {
  readonly chatId: number
  readonly customerId: number
}

export type StatesVerdict = BodyVerdict<ReadonlyMap<number, ChatState>>

/** The most chats of a reply (page "Search chats"). */
export const CHATS_MAX = 100
/** So that even with a few chats of each they fit one reply. */
const CUSTOMERS_MAX = 30
export const SEARCH_PATH = '/chats/search'

/** Chats can be searched by their customers, not by their ids; the newest first, as those that wait are (page "Search chats"). */
export function searchChats(chats: readonly ChatOfCustomer[]): ApiRequest {
  const customers = [...new Set(chats.map(({ customerId }) => customerId))].slice(0, CUSTOMERS_MAX)
  const filter = customers.map((value) => ({ field: 'chats.customer', operator: '=', value }))
  const body = { comparison: 'OR', filter, sort: 'chats.createdAt', order: 'desc', offset: 0, limit: CHATS_MAX }
  return { method: 'POST', path: SEARCH_PATH, body }
}

/** Why a search is not believed: it has to show the chat that we moved last where we put it. */
export function findProblem(
  verdict: StatesVerdict,
  { chatId, departmentId }: { readonly chatId: number; readonly departmentId: number },
): string | undefined {
  if (verdict.kind !== 'done') return 'POST /chats/search did not answer with chats.'
  const isShown = verdict.value.get(chatId)?.departmentId === departmentId
  return isShown
    ? undefined
    : `POST /chats/search does not show that we moved chat ${chatId} to department ${departmentId}.`
}

/** Judges the reply and says what to keep of it, the chat that asked first: who the customers of the others are is nothing to keep there. */
export function judgeStates(
  result: CallResult,
  wanted: ReadonlySet<number>,
  ownId: number,
): StatesVerdict & { readonly kept?: string } {
  // A key that may not search may still look at chats one by one: no reason to stop all calls.
  if (result.kind === 'response' && result.status === 403) return { kind: 'refused' }
  const verdict = judgeBody(result, (json) => readChatStates(json, wanted))
  switch (verdict.kind) {
    case 'done': {
      const chats = [...verdict.value].map(([id, state]) => ({ id, ...state }))
      return {
        ...verdict,
        kept: JSON.stringify(chats.toSorted((a, b) => Number(b.id === ownId) - Number(a.id === ownId))),
      }
    }
    case 'wrong_body':
      return { ...verdict, kept: '' }
    default:
      return verdict
  }
}
