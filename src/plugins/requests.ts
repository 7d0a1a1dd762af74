import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { parse } from 'secure-json-parse'
import { Type } from 'typebox'
import { isJsonObject } from '../domain/json-object.ts'
import { findMemberTwice } from '../domain/member-twice.ts'
import { readUtf8 } from '../domain/utf8.ts'
import { invalidInput } from '../routes/invalid-input.ts'

/** Far more than any body has: each that is not known is a problem to be told. */
const PROPERTIES_MAX = 100
const NO_QUERY = Type.Object({}, { additionalProperties: false })

/** How every request of the API is read: bodies are JSON, nothing is dropped unseen, and no text holds what Postgres cannot keep. */
export default fp(
  async (app: FastifyInstance) => {
    app.removeAllContentTypeParsers() // the one for text/plain would take text where JSON belongs
    app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, readJson(readUtf8(body)))
      } catch (error) {
        done(error as Error) // ours
      }
    })
    app.addHook('onRoute', (route) => {
      if (route.config?.role !== undefined) route.schema = { querystring: NO_QUERY, ...route.schema }
    })
    app.addHook('preValidation', async (request) => {
      refuseNul(request, 'params')
      refuseNul(request, 'query')
      const { config, schema } = request.routeOptions
      if (config.role !== undefined) refuseManyProperties(request.body)
      if (config.role !== undefined && schema?.body === undefined) refuseBody(request.body)
    })
  },
  { name: 'requests' },
)

/** Undefined for an empty body: many clients name the type of one that they do not send. */
function readJson(text: string | undefined): unknown {
  if (text === undefined) throw invalidInput('body', '', 'is not UTF-8: send it as UTF-8')
  if (text === '') return undefined
  const json = parseJson(text)
  const twice = findMemberTwice(text)
  if (twice !== undefined) throw invalidInput('body', twice, 'is there twice: take one out')
  return json
}

function parseJson(text: string): unknown {
  try {
    return parse(text, { protoAction: 'error', constructorAction: 'error' })
  } catch (error) {
    throw invalidInput('body', '', error instanceof Error ? error.message : 'is not JSON')
  }
}

function refuseNul(request: FastifyRequest, part: 'params' | 'query'): void {
  for (const [name, value] of Object.entries(request[part] ?? {})) {
    if (!String(value).includes('\u0000')) continue
    throw invalidInput(part === 'query' ? 'querystring' : part, `/${name}`, 'must not contain U+0000')
  }
}

function refuseManyProperties(body: unknown): void {
  if (!isJsonObject(body) || Object.keys(body).length <= PROPERTIES_MAX) return
  throw invalidInput('body', '', `has more than ${PROPERTIES_MAX} properties: send those that belong there`)
}

function refuseBody(body: unknown): void {
  if (body === undefined || body === null || (isJsonObject(body) && Object.keys(body).length === 0)) return
  throw invalidInput('body', '', 'is not known here: send none')
}
