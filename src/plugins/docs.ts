import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import packageJson from '../../package.json' with { type: 'json' }
import { isJsonObject } from '../domain/json-object.ts'
import { COMPONENTS } from '../routes/schemas/components.ts'
import { type Answer, type Operation, TAGS } from '../routes/schemas/operation.ts'
import { sharedAnswers } from '../routes/schemas/shared-answers.ts'
import { rootOf, toOpenapiSchema } from '../routes/schemas/to-openapi-schema.ts'
import { ProblemDocument } from './problems.ts'

/** The API reference, made from the routes themselves: `/openapi.json`, and `/docs` to browse it. Both are open, as nothing in them is secret. */
export default fp(
  async (app: FastifyInstance) => {
    await app.register(swagger, {
      openapi: {
        openapi: '3.1.0',
        info: { title: packageJson.name, version: packageJson.version, description: DESCRIPTION },
        tags: [...TAGS],
        components: { securitySchemes: SECURITY_SCHEMES, schemas: components() },
      },
      convertConstToEnum: false, // OpenAPI 3.1 knows `const`
      transform: ({ schema, url, route }) => ({ schema: describe(schema, route), url }),
    })
    await app.register(swaggerUi, {
      routePrefix: '/docs',
      // Without a validator, as it is somebody else's server, and networks may be closed.
      uiConfig: { deepLinking: true, docExpansion: 'list', validatorUrl: null },
      theme: { title: `${packageJson.name} API` },
      staticCSP: CONTENT_SECURITY_POLICY,
    })
    let document: Buffer | undefined
    app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
      document ??= Buffer.from(JSON.stringify(app.swagger())) // once: it is large, and whoever has no token may ask for it
      return reply.type('application/json; charset=utf-8').send(document)
    })
  },
  { name: 'docs', dependencies: ['problems'] },
)

const DESCRIPTION = `${packageJson.description}

**Tokens.** Send \`Authorization: Bearer <token>\`. A \`viewer\` reads, an \`editor\` also writes rules and retries, an \`admin\` also manages tokens, reads the audit and erases customers. Without a valid token the answer is 401, with too small a role 403.

**Lists** take \`limit\` (1 to 100, default 20) and \`cursor\`, and answer \`{ "data": [...], "nextCursor": "..." }\`, newest first; rules come in the order tried, departments by id, facts in an order to read. \`nextCursor\` is null on the last page.

**Errors** are \`application/problem+json\` (RFC 9457): \`type\`, \`title\`, \`status\`, \`detail\`, and \`code\` for programs. For bad input \`errors\` holds every problem at once, each with the JSON pointer of its place and what to do. Unknown properties are refused, not dropped. Any address may also answer 400 \`bad_request\` to what is not HTTP or not percent-encoded as it should be, 408 to a request that does not arrive whole in time, 429 to the fifth request of a connection that waits for no answer, and 431 to headers that are too large.`

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token from `POST /v1/tokens`, or the setting `ADMIN_TOKEN`.',
  },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-HelpCrunch-Signature',
    description: 'The HMAC-SHA1 of the raw body under `HELPCRUNCH_SIGNING_KEY`, in hexadecimal digits.',
  },
} as const

/** The interface styles itself with attributes; its scripts are files of ours. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

function components() {
  const named = Object.entries({ Problem: ProblemDocument, ...COMPONENTS })
  return Object.fromEntries(named.map(([name, schema]) => [name, toOpenapiSchema(rootOf(schema))]))
}

/** The schemas by which a route validates, with all that is told of it. A route without an operation is left as it is. */
function describe(schema: FastifySchema, { config, method }: RouteOptions): FastifySchema {
  const operation = config?.operation
  if (operation === undefined) return schema
  const { operationId, tag, summary, headers, signed, answers } = operation
  const role = config?.role
  const body = documentedBody(operation, schema?.body)
  const needed =
    role === undefined ? '' : `\n\nNeeds a token with the role \`${role}\`${role === 'admin' ? '' : ' or more'}.`
  const hasParams = schema?.params !== undefined
  const hasInput = hasParams || Boolean(schema?.querystring ?? body)
  const asked = { role, hasInput, hasParams, mayHaveBody: method !== 'GET' }
  const security = signed ? [{ signature: [] }] : role === undefined ? [] : [{ token: [] }]
  return {
    ...schema,
    operationId,
    tags: [tag],
    summary,
    description: operation.description + needed,
    security,
    ...(isJsonObject(schema?.querystring) && { querystring: documentedQuery(schema.querystring) }),
    ...(headers && { headers: documentedHeaders(headers) }),
    ...(body && { body }),
    response: Object.fromEntries(
      Object.entries({ ...sharedAnswers(asked), ...answers }).map(([status, answer]) => [status, toResponse(answer)]),
    ),
  }
}

function documentedBody({ body }: Operation, validated: unknown): object | undefined {
  const schema = body?.schema ?? validated
  if (body === undefined || typeof schema !== 'object' || schema === null) return undefined
  const converted = toOpenapiSchema(schema)
  // What stands beside a reference gets lost.
  return { ...('$ref' in converted ? { allOf: [converted] } : converted), examples: [body.example] }
}

/** Validation fills in what has a default, so that nobody has to send it. */
function documentedQuery(querystring: Readonly<Record<string, unknown>>): object {
  const { properties, required = [] } = querystring
  const hasDefault = (name: unknown) => {
    const property = isJsonObject(properties) ? properties[String(name)] : undefined
    return isJsonObject(property) && 'default' in property
  }
  return { ...querystring, required: Array.isArray(required) ? required.filter((name) => !hasDefault(name)) : [] }
}

function documentedHeaders(headers: NonNullable<Operation['headers']>): object {
  const all = Object.entries(headers)
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(([name, { description }]) => [name, { type: 'string', description }])),
    required: all.filter(([, { required }]) => required).map(([name]) => name),
  }
}

function toResponse({ description, headers = {}, body }: Answer): object {
  const told = Object.entries(headers).map(([name, meaning]) => [name, { type: 'string', description: meaning }])
  const answer = { description, ...(told.length > 0 && { headers: Object.fromEntries(told) }) }
  if (body === undefined) return { ...answer, type: 'null' }
  return { ...answer, content: { [body.mediaType]: { schema: toOpenapiSchema(body.schema), example: body.example } } }
}
