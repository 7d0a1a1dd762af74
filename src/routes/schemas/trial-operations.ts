import { Type } from 'typebox'
import { BacktestRequest } from '../../domain/backtest-request.ts'
import { SimulationRequest } from '../../domain/simulation-request.ts'
import { json, type Operation, problem } from './operation.ts'
import { NEVER_REACHED_EXAMPLE, RULE_EXAMPLE } from './rules.ts'
import { BAD_DECISION_ID, badInput, erasedDetail } from './shared-answers.ts'
import { BACKTEST_EXAMPLE, SIMULATION_EXAMPLE } from './trials.ts'

const tag = 'Trying rules'
const CLOSED = { additionalProperties: false }
/** The services read each rule by themselves, for the sake of their messages; people want to see what a rule is. */
const Rules = Type.Array(Type.Ref('RuleDocument'), { maxItems: 10_000 })
const NO_DECISION = problem(404, 'not_found', 'There is no decision 42.')
const ERASED = problem(409, 'erased', erasedDetail('42'))

export const CHECK_RULES: Operation = {
  operationId: 'checkRules',
  tag,
  summary: 'Check a rule, or a whole set',
  description:
    'Validates and analyses as a write would. `rule` is checked beside the rules in force, `rules` as if they were all there are.',
  body: {
    schema: Type.Object({ rule: Type.Optional(Type.Ref('RuleDocument')), rules: Type.Optional(Rules) }, CLOSED),
    example: { rule: RULE_EXAMPLE },
  },
  answers: {
    200: json('What a write would refuse, and what it would warn of.', Type.Ref('RuleCheck'), {
      errors: [
        {
          pointer: '/rule/department',
          message: 'HelpCrunch has no department 233048. Use one of: 233041 (Sales), 233042 (Billing).',
        },
      ],
      warnings: [NEVER_REACHED_EXAMPLE],
    }),
    400: badInput('body', '', 'Give either `rule`, a rule document, or `rules`, a list of them.'),
  },
}

export const SIMULATE: Operation = {
  operationId: 'simulate',
  tag,
  summary: 'See what would be decided, and why',
  description:
    'For facts, or for a recorded decision by its own facts; by the rules in force, or by given ones in their place. A draft among given rules is tried as if it were enabled. Facts have the size of real ones: text of 1,000 characters, a message of 8,000, 64 KiB of JSON together.',
  body: {
    schema: Type.Object({ ...SimulationRequest.properties, rules: Type.Optional(Rules) }, CLOSED),
    example: { facts: { language: 'de', plan: 'Pro' }, event: 'chat.new' },
  },
  answers: {
    200: json(
      'The decision with the explanation of every rule and condition.',
      Type.Ref('Simulation'),
      SIMULATION_EXAMPLE,
    ),
    400: badInput('body', '/facts', 'There is nothing to simulate. Give facts, or the decisionId of a decision.'),
    404: NO_DECISION,
    409: ERASED,
  },
}

export const BACKTEST: Operation = {
  operationId: 'backtest',
  tag,
  summary: 'See what rules would have done',
  description:
    'Makes the newest recorded decisions again, and tells which would come out otherwise. Given rules take the place of those in force with the same key, and join the others; with `replace` they are all there are. A draft among them is tried as if it were enabled.',
  body: {
    schema: Type.Object({ ...BacktestRequest.properties, rules: Rules }, CLOSED),
    example: { rules: [RULE_EXAMPLE], limit: 1000 },
  },
  answers: {
    200: json('What would have moved from where to where.', Type.Ref('Backtest'), BACKTEST_EXAMPLE),
    400: badInput(
      'body',
      '/limit',
      'It is 0. Expected: how many of the newest decisions, 1 to 10000; 1000 when left out.',
    ),
    503: problem(503, 'busy', 'Several backtests are waiting already. Try again soon.', {
      or: ['backtest_gave_up', 'database_away'],
      headers: {
        'Retry-After': 'Seconds until another try is worth it; absent with `backtest_gave_up`, which asks for less.',
      },
    }),
  },
}

export const MAKE_RULE_TEST: Operation = {
  operationId: 'makeRuleTest',
  tag,
  summary: 'Make a test of a rule from a decision',
  description:
    'Expects of the rule that won, or of the one named, what it said then. Holds only the facts that the rule asks about. Of a rule that hung on facts which nobody had looked up, no test is made (409, `facts_not_looked_up`), nor of one that this version cannot evaluate (409, `not_evaluable`).',
  answers: {
    200: json(
      "A test to be put among the rule's `tests`.",
      Type.Object({ rule: Type.String(), test: Type.Ref('RuleTest') }, CLOSED),
      {
        rule: 'german-vip',
        test: { name: 'Decision 42 about chat 501', facts: { language: 'de', plan: 'Pro' }, expect: 'match' },
      },
    ),
    400: BAD_DECISION_ID,
    404: NO_DECISION,
    409: problem(409, 'erased', erasedDetail('42'), { or: ['facts_not_looked_up', 'not_evaluable'] }),
  },
}
