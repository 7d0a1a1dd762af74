import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { GivenRules, RULES_BYTES_MAX } from '../domain/given-rules.ts'
import { DecisionParams } from './ids.ts'
import { erasedDetail } from './schemas/shared-answers.ts'
import { CHECK_RULES, MAKE_RULE_TEST } from './schemas/trial-operations.ts'

const Check = Type.Object(
  {
    rule: Type.Optional(Type.Unknown({ description: 'A rule document, to be checked beside the rules in force.' })),
    rules: Type.Optional({
      ...GivenRules,
      description: 'Rule documents, to be checked as if they were all there are.',
    }),
  },
  { additionalProperties: false, description: 'Either `rule` or `rules`.' },
)
const TestQuery = Type.Object(
  { rule: Type.Optional(Type.String({ maxLength: 64, description: 'The rule that won, by default.' })) },
  { additionalProperties: false },
)

/** `POST /v1/rules/check` and `POST /v1/decisions/{id}/test`: what helps to write a rule, and writes nothing itself. */
const ruleChecks: FastifyPluginAsyncTypebox = async (app) => {
  const role = 'viewer'

  const options = {
    config: { role, operation: CHECK_RULES } as const,
    schema: { body: Check },
    bodyLimit: RULES_BYTES_MAX,
  }
  app.post('/v1/rules/check', options, async ({ body: { rule, rules } }, reply) => {
    if (rules !== undefined && rule === undefined) return app.services.checkRules(rules)
    if (rule !== undefined && rules === undefined) return app.services.checkRule(rule)
    const errors = [{ pointer: '', message: 'Give either `rule`, a rule document, or `rules`, a list of them.' }]
    return reply.problem(400, 'invalid_input', 'The body is not valid.', errors)
  })

  const schema = { params: DecisionParams, querystring: TestQuery }
  app.post(
    '/v1/decisions/:id/test',
    { config: { role, operation: MAKE_RULE_TEST }, schema },
    async ({ params: { id }, query }, reply) => {
      const making = await app.services.makeRuleTest(BigInt(id), query.rule)
      switch (making.kind) {
        case 'made':
          return { rule: making.rule, test: making.test }
        case 'no_such_decision':
          return reply.problem(404, 'not_found', `There is no decision ${id}.`)
        case 'erased':
          return reply.problem(409, 'erased', erasedDetail(id))
        case 'no_such_rule':
          return reply.problem(404, 'not_found', `There was no rule "${making.key}" when decision ${id} was made.`)
        case 'broken': {
          const detail = `Rule "${making.key}" of decision ${id} cannot be evaluated by this version of the service: ${making.problem}`
          return reply.problem(409, 'not_evaluable', detail)
        }
        case 'not_looked_up': {
          const detail = `Rule "${making.key}" hangs on facts that nobody had looked up for decision ${id}: ${making.facts.join(', ')}. Write its test by hand.`
          return reply.problem(409, 'facts_not_looked_up', detail)
        }
        case 'which_rule': {
          const errors = [{ pointer: '/rule', message: `must be given, as no rule won decision ${id}` }]
          return reply.problem(400, 'invalid_input', 'The querystring is not valid.', errors)
        }
      }
    },
  )
}
export default ruleChecks
