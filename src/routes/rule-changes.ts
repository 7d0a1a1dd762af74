import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { GivenRules, RULES_BYTES_MAX, RULES_MAX } from '../domain/given-rules.ts'
import type { ExpectedVersion, Refusal, RuleWrite } from '../services/change-rules.ts'
import { readIfMatch } from './if-match.ts'
import { CREATE_RULE, DELETE_RULE, REPLACE_RULE, ROLL_BACK_RULE } from './schemas/rule-operations.ts'
import { ORDER_RULES, REPLACE_RULES } from './schemas/rule-set-operations.ts'

const RuleParams = Type.Object({ key: Type.String({ maxLength: 64, description: 'The key of the rule.' }) })
/** The service reads it itself, for the sake of its messages. */
const RuleBody = Type.Unknown({ description: 'A rule document: see rules/rule.schema.json.' })
const RuleSet = Type.Object(
  { rules: { ...GivenRules, description: 'Rule documents: all that there are to be.' } },
  { additionalProperties: false },
)
const Order = Type.Object(
  {
    keys: Type.Array(Type.String({ maxLength: 64 }), {
      maxItems: RULES_MAX,
      description: 'The key of every rule, in the order in which they are to be tried.',
    }),
  },
  { additionalProperties: false },
)
const Rollback = Type.Object(
  { version: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'The version to go back to.' }) },
  { additionalProperties: false },
)

/** Everything that changes rules. `If-Match` guards what replaces or deletes. */
const ruleChanges: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'editor'

  app.post(
    '/v1/rules',
    { config: { role, operation: CREATE_RULE }, schema: { body: RuleBody } },
    async ({ body, identity }, reply) => {
      const result = await app.services.createRule(body, identity)
      if (result.kind === 'written') reply.code(201).header('location', `/v1/rules/${result.rule.key}`)
      return sendWrite(reply, result)
    },
  )

  const options = { config: { role, operation: DELETE_RULE } as const, schema: { params: RuleParams } }
  app.put(
    '/v1/rules/:key',
    { config: { role, operation: REPLACE_RULE }, schema: { params: RuleParams, body: RuleBody } },
    async ({ params: { key }, body, identity, headers }, reply) => {
      const expected = requireIfMatch(headers, reply)
      if (expected === undefined) return reply
      return sendWrite(reply, await app.services.replaceRule(key, body, expected, identity))
    },
  )

  app.delete('/v1/rules/:key', options, async ({ params: { key }, identity, headers }, reply) => {
    const expected = requireIfMatch(headers, reply)
    if (expected === undefined) return reply
    const result = await app.services.deleteRule(key, expected, identity)
    if (result.kind === 'deleted') return reply.code(204).send()
    return result.kind === 'missing'
      ? reply.problem(404, 'not_found', `There is no rule "${key}".`)
      : refuse(reply, result)
  })

  const bodyLimit = RULES_BYTES_MAX
  app.put(
    '/v1/rules',
    { config: { role, operation: REPLACE_RULES }, bodyLimit, schema: { body: RuleSet } },
    async ({ body, identity, headers }, reply) => {
      const expected = requireIfMatch(headers, reply)
      if (expected === undefined) return reply
      const result = await app.services.replaceRules(body.rules, expected, identity)
      if (result.kind === 'stale') return refuseStale(reply, result.version, 'rule set')
      if (result.kind === 'invalid') return refuse(reply, result)
      const { kind: _, ...written } = result
      reply.header('etag', `"${written.rulesetVersion}"`)
      return written
    },
  )

  app.put(
    '/v1/rules/order',
    { config: { role, operation: ORDER_RULES }, bodyLimit, schema: { body: Order } },
    async ({ body, identity, headers }, reply) => {
      const expected = heedIfMatch(headers, reply)
      if (expected === undefined) return reply
      const result = await app.services.orderRules(body.keys, expected, identity)
      if (result.kind === 'stale') return refuseStale(reply, result.version, 'rule set')
      if (result.kind === 'invalid') return refuse(reply, result)
      reply.header('etag', `"${result.rulesetVersion}"`)
      return { rulesetVersion: result.rulesetVersion, data: result.places }
    },
  )

  app.post(
    '/v1/rules/:key/rollback',
    { config: { role, operation: ROLL_BACK_RULE }, schema: { params: RuleParams, body: Rollback } },
    async ({ params: { key }, body: { version }, identity, headers }, reply) => {
      const expected = heedIfMatch(headers, reply)
      if (expected === undefined) return reply
      const result = await app.services.rollBackRule(key, version, expected, identity)
      if (result.kind !== 'missing') return sendWrite(reply, result)
      return reply.problem(404, 'not_found', `There is no version ${version} of a rule "${key}".`)
    },
  )
}
export default ruleChanges

/** Undefined when the request has been answered because it does not say which version it is about. */
function requireIfMatch(headers: FastifyRequest['headers'], reply: FastifyReply): ExpectedVersion | undefined {
  if (headers['if-match'] !== undefined) return heedIfMatch(headers, reply)
  const detail = 'Say which version you have seen: send its ETag as If-Match, or "*" to change whichever there is.'
  reply.problem(428, 'precondition_required', detail)
  return undefined
}

/** Any version where none is named. Undefined when the request has been answered because its `If-Match` cannot be read. */
function heedIfMatch(headers: FastifyRequest['headers'], reply: FastifyReply): ExpectedVersion | undefined {
  const guard = readIfMatch(headers['if-match'])
  if (guard.kind === 'absent') return 'any'
  if (guard.kind === 'given') return guard.expected
  refuseTag(reply)
  return undefined
}

function refuseTag(reply: FastifyReply): FastifyReply {
  const errors = [
    { pointer: '/if-match', message: 'must be the ETag as it was given, in its quotes, such as "3", or *' },
  ]
  return reply.problem(400, 'invalid_input', 'The If-Match header is not valid.', errors)
}

function sendWrite(reply: FastifyReply, result: RuleWrite) {
  if (result.kind !== 'written') return refuse(reply, result)
  reply.header('etag', `"${result.rule.version}"`)
  return { ...result.rule, warnings: result.warnings }
}

function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  switch (refusal.kind) {
    case 'invalid':
      return reply.problem(400, 'invalid_input', 'The body is not valid.', [...refusal.problems])
    case 'red_tests':
      return reply.problem(422, 'red_tests', 'A rule is enabled only when all its tests pass.', [...refusal.problems])
    case 'exists':
      return reply.problem(
        409,
        'exists',
        'There is a rule with this key already. Change it with PUT, or choose another.',
      )
    case 'missing':
      return reply.problem(404, 'not_found', 'There is no such rule. Create it with POST /v1/rules.')
    case 'stale':
      return refuseStale(reply, refusal.version, 'rule')
    case 'gone':
      return reply.problem(412, 'stale', 'The rule has been deleted; send no If-Match to bring it back.')
  }
}

function refuseStale(reply: FastifyReply, version: number, what: 'rule' | 'rule set'): FastifyReply {
  const isWeak = reply.request.headers['if-match']?.includes('W/')
  const detail = isWeak
    ? `A weak ETag, which a proxy may have made of ours, names no version: the ${what} has version ${version} now. Read it again, repeat the change there, and send If-Match without the W/.`
    : `The ${what} has been changed meanwhile: it has version ${version} now. Read it again, and repeat the change there.`
  return reply.header('etag', `"${version}"`).problem(412, 'stale', detail)
}
