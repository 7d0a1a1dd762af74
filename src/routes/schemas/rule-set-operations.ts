import { Type } from 'typebox'
import { json, type Operation, pageOf } from './operation.ts'
import { RULE_SET_VERSION, UNGUARDED } from './preconditions.ts'
import { PRIORITY_EXAMPLE, RULE_EXAMPLE, STORED_RULE_EXAMPLE } from './rules.ts'
import { badInput } from './shared-answers.ts'

const tag = 'Rules'

export const LIST_RULES: Operation = {
  operationId: 'listRules',
  tag,
  summary: 'List the rules in the order tried',
  description:
    'By priority, the highest first; a tie goes to the smaller key. Drafts and disabled rules are listed too. The `ETag` is the same on all pages while nobody changes a rule.',
  answers: {
    200: json(
      'A page of rules.',
      pageOf(Type.Ref('Rule')),
      { data: [STORED_RULE_EXAMPLE], nextCursor: null },
      RULE_SET_VERSION.etag,
    ),
  },
}

export const REPLACE_RULES: Operation = {
  operationId: 'replaceRules',
  tag,
  summary: 'Replace all rules',
  description:
    'Makes these rules all there are: those that differ get a new version, those that are left out are deleted. All of it or nothing, and in force at one moment.',
  headers: RULE_SET_VERSION.required,
  body: { example: { rules: [RULE_EXAMPLE] } },
  answers: {
    200: json(
      'The rules are in force.',
      Type.Ref('RulesReplacement'),
      { rulesetVersion: 19, created: ['german-vip'], changed: [], deleted: ['german'], warnings: [] },
      RULE_SET_VERSION.etag,
    ),
    400: badInput('body', '/rules/0/priority', PRIORITY_EXAMPLE),
    412: RULE_SET_VERSION.stale,
    428: UNGUARDED,
  },
}

export const ORDER_RULES: Operation = {
  operationId: 'orderRules',
  tag,
  summary: 'Set the order of the rules',
  description:
    'Rewrites the priorities so that the rules are tried in the order given: all of it or nothing. Without `If-Match`, whatever they are by now.',
  headers: RULE_SET_VERSION.optional,
  body: { example: { keys: ['german-vip', 'french'] } },
  answers: {
    200: json(
      'The order is in force.',
      Type.Ref('RuleOrder'),
      {
        rulesetVersion: 18,
        data: [
          { key: 'german-vip', priority: 200, version: 4 },
          { key: 'french', priority: 100, version: 2 },
        ],
      },
      RULE_SET_VERSION.etag,
    ),
    400: badInput('body', '/keys', 'Every rule must be named; add: spanish.'),
    412: RULE_SET_VERSION.stale,
  },
}
