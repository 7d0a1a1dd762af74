import { STATUS_CODES } from 'node:http'
import { type TSchema, Type } from 'typebox'

/** The parts of the reference, in reading order. */
export const TAGS = [
  { name: 'Webhooks', description: 'Where HelpCrunch sends its events.' },
  { name: 'Rules', description: 'What decides which department answers a chat.' },
  {
    name: 'Trying rules',
    description:
      'What rules would do, before they do it. Writes nothing, and asks HelpCrunch for its departments at most.',
  },
  { name: 'Decisions', description: 'Where each chat went, and why.' },
  { name: 'Events', description: 'What HelpCrunch sent, and what became of it.' },
  { name: 'Departments and facts', description: 'What rules may talk about.' },
  { name: 'People', description: 'Who may do what, and who did.' },
  { name: 'Service', description: 'How the service is.' },
] as const

/** What can come back with one status. `example` is one that fits `schema`. */
export interface Answer {
  readonly description: string
  /** Text each, with what it says. */
  readonly headers?: Readonly<Record<string, string>>
  /** Absent where there is no body. */
  readonly body?: { readonly mediaType: string; readonly schema: TSchema; readonly example: unknown }
}

/**
 * What the reference tells of a route beside the schemas by which it validates. Answers that many routes share (bad
 * input, no token, our own failure) are added by `plugins/docs.ts`, which knows them from the route's options.
 */
export interface Operation {
  readonly operationId: string
  readonly tag: (typeof TAGS)[number]['name']
  readonly summary: string
  readonly description: string
  /** A schema in the place of the route's own where a service reads the body itself. */
  readonly body?: { readonly schema?: TSchema; readonly example: unknown }
  /** Headers that the route reads itself; each is text. */
  readonly headers?: Readonly<Record<string, { readonly required: boolean; readonly description: string }>>
  /** True for the one route whose sender signs instead of showing a token. */
  readonly signed?: boolean
  readonly answers: Readonly<Record<number, Answer>>
}

/** An answer in JSON. */
export function json(
  description: string,
  schema: TSchema,
  example: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { description, headers, body: { mediaType: 'application/json', schema, example } }
}

/** An answer that is an error: a problem document, with the code and the sentence that it carries. */
export function problem(
  status: number,
  code: string,
  detail: string,
  more: {
    readonly errors?: readonly { readonly pointer: string; readonly message: string }[]
    readonly headers?: Readonly<Record<string, string>>
    /** Further codes that this status may carry. */
    readonly or?: readonly string[]
  } = {},
): Answer {
  const { errors, headers = {}, or = [] } = more
  const title = STATUS_CODES[status] ?? 'Error'
  const codes = [code, ...or].map((one) => `\`${one}\``).join(' or ')
  const example = { type: 'about:blank', title, status, detail, code, ...(errors && { errors }) }
  return {
    description: `${title}: ${codes}. ${detail}`,
    headers,
    body: { mediaType: 'application/problem+json', schema: Type.Ref('Problem'), example },
  }
}

/** A page of a list. */
export function pageOf(item: TSchema, more: Readonly<Record<string, TSchema>> = {}): TSchema {
  return Type.Object(
    {
      data: Type.Array(item),
      nextCursor: Type.Union([Type.String(), Type.Null()], {
        description: 'Give it as `cursor` to read on; null on the last page.',
      }),
      ...more,
    },
    { additionalProperties: false },
  )
}

/** Either the value or null. */
export function orNull(schema: TSchema, description?: string): TSchema {
  return Type.Union([schema, Type.Null()], description === undefined ? {} : { description })
}

/** Dates are text in JSON. */
export const Time = Type.String({ format: 'date-time' })

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the reference tells of the route; absent where the route is no part of it. */
    operation?: Operation
  }
}
