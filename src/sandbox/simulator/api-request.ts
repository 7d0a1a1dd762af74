import type { Account } from './account.ts'
import type { ApiReply } from './api-replies.ts'
import { refuse } from './api-replies.ts'

/** A call to the API after its body was parsed. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Undefined when there was no body or none that is JSON. */
  readonly body: unknown
}

/** One endpoint; `pattern` captures the id in its path. */
export interface Route {
  readonly method: string
  readonly pattern: RegExp
  answer(account: Account, request: ApiRequest, pathId: number): ApiReply
}

/** The id in a request's field, or undefined when the API would not take it as one. */
export function readId(account: Account, value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  const isNumeric = typeof value === 'string' && /^\d+$/.test(value)
  return isNumeric && account.switches.numericIds === 'lenient' ? Number(value) : undefined
}

/** A page of a list, by `offset` and `limit` (default and maximum 100), with its total where the switch puts it. */
export function listPage(account: Account, request: ApiRequest, entries: readonly unknown[]): ApiReply {
  return pageOf(account, entries, askedPage(request))
}

/** The same where the page is asked for in the body, as in a search. */
export function pageOf(account: Account, entries: readonly unknown[], asked: Page): ApiReply {
  const page = checkPage(account, asked)
  if (page === undefined) {
    const message = 'This value should be between 1 and 100.'
    return refuse(account.switches, { kind: 'invalid_field', field: 'limit', message })
  }
  const data = entries.slice(page.offset, page.offset + page.limit)
  return { status: 200, body: { data, ...totalOf(account, entries.length) } }
}

interface Page {
  readonly offset: number
  readonly limit: number
}

/** The part of a list that a request asks for; undefined when its numbers are refused. */
export function readPage(account: Account, request: ApiRequest): Page | undefined {
  return checkPage(account, askedPage(request))
}

function askedPage({ query }: ApiRequest): Page {
  return { offset: Number(query.get('offset') ?? 0), limit: Number(query.get('limit') ?? 100) }
}

function checkPage(account: Account, { offset, limit }: Page): Page | undefined {
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isSafeInteger(limit) || limit < 1) return undefined
  if (limit > 100 && account.switches.limitAbove100 === 'refused') return undefined
  return { offset, limit: Math.min(limit, 100) }
}

function totalOf(account: Account, total: number): Record<string, unknown> {
  switch (account.switches.listTotal) {
    case 'meta':
      return { meta: { total } }
    case 'top_level':
      return { total }
    case 'absent':
      return {}
  }
}
