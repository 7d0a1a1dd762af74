import { Type } from 'typebox'
import { json, type Operation, pageOf, problem } from './operation.ts'
import { RULE_EXAMPLE, STORED_RULE_EXAMPLE, WARNING_EXAMPLE } from './rules.ts'
import { badInput } from './shared-answers.ts'

const tag = 'Rules'
const ETAG = { ETag: 'The version of the rule, in quotes.' }
const SET_ETAG = { ETag: 'The version of the rule set, in quotes: it counts the changes of all rules.' }
const LOCATION = { Location: 'Where the rule is from now on.' }
const SET_IF_MATCH = 'The `ETag` of the list of rules that you have seen, or `*`.'
const IF_MATCH = 'The `ETag` that you have seen, such as `"3"`, or `*` for whichever there is.'
const GUARD = { 'If-Match': { required: true, description: IF_MATCH } }
const BODY = { schema: Type.Ref('RuleDocument'), example: RULE_EXAMPLE }
const Rule = Type.Ref('Rule')

const BAD_KEY = badInput('path', '/key', 'must have at most 64 characters')
const ZERO = 'It is 0. Expected: a whole number from 1 to 10000; higher is tried first, a tie goes to the smaller key.'
const BAD_RULE = badInput('body', '/priority', ZERO)
const MISSING = problem(404, 'not_found', 'There is no such rule. Create it with POST /v1/rules.')
const STALE = problem(
  412,
  'stale',
  'The rule has been changed meanwhile: it has version 4 now. Read it again, and repeat the change there.',
  { headers: ETAG },
)
const SET_STALE = problem(
  412,
  'stale',
  'The rule set has been changed meanwhile: it has version 19 now. Read it again, and repeat the change there.',
  { headers: SET_ETAG },
)
const UNGUARDED = problem(
  428,
  'precondition_required',
  'Say which version you have seen: send its ETag as If-Match, or "*" to change whichever there is.',
)
const RED_TESTS = problem(422, 'red_tests', 'A rule is enabled only when all its tests pass.', {
  errors: [
    {
      pointer: '/tests/0',
      message:
        'The test "pro customer" expects match, but the rule says no_match. Fix the rule or the test, or set the status to "draft".',
    },
  ],
})

export const LIST_RULES: Operation = {
  operationId: 'listRules',
  tag,
  summary: 'List the rules in the order tried',
  description:
    'By priority, the highest first; a tie goes to the smaller key. Drafts and disabled rules are listed too. The `ETag` is the same on all pages while nobody changes a rule.',
  answers: {
    200: json('A page of rules.', pageOf(Rule), { data: [STORED_RULE_EXAMPLE], nextCursor: null }, SET_ETAG),
  },
}

export const READ_RULE: Operation = {
  operationId: 'readRule',
  tag,
  summary: 'Read a rule',
  description: 'As it is now. Its `ETag` is what a change must send as `If-Match`.',
  answers: {
    200: json('The rule.', Rule, STORED_RULE_EXAMPLE, ETAG),
    400: BAD_KEY,
    404: problem(404, 'not_found', 'There is no rule "german-vip".'),
  },
}

export const LIST_RULE_VERSIONS: Operation = {
  operationId: 'listRuleVersions',
  tag,
  summary: 'List the versions of a rule',
  description:
    'Who changed it when, each version with its whole document, the newest first. A deleted rule keeps them.',
  answers: {
    200: json('A page of versions.', pageOf(Type.Ref('RuleVersion')), {
      data: [
        {
          version: 3,
          author: 'Olena',
          createdAt: '2026-03-02T09:15:00.000Z',
          liveFrom: 17,
          liveTo: null,
          document: RULE_EXAMPLE,
        },
      ],
      nextCursor: null,
    }),
    404: problem(404, 'not_found', 'There never was a rule "german-vip".'),
  },
}

export const CREATE_RULE: Operation = {
  operationId: 'createRule',
  tag,
  summary: 'Create a rule',
  description: 'All that is wrong with it is answered at once. What is likely not meant comes back as `warnings`.',
  body: BODY,
  answers: {
    201: json('The rule is stored.', Rule, { ...STORED_RULE_EXAMPLE, version: 1 }, { ...ETAG, ...LOCATION }),
    400: BAD_RULE,
    409: problem(409, 'exists', 'There is a rule with this key already. Change it with PUT, or choose another.'),
    422: RED_TESTS,
  },
}

export const REPLACE_RULE: Operation = {
  operationId: 'replaceRule',
  tag,
  summary: 'Change a rule',
  description: 'The body takes the place of the whole document. The key never changes.',
  headers: GUARD,
  body: BODY,
  answers: {
    200: json('The rule as it is now.', Rule, { ...STORED_RULE_EXAMPLE, warnings: [WARNING_EXAMPLE] }, ETAG),
    400: BAD_RULE,
    404: MISSING,
    412: STALE,
    422: RED_TESTS,
    428: UNGUARDED,
  },
}

export const REPLACE_RULES: Operation = {
  operationId: 'replaceRules',
  tag,
  summary: 'Replace all rules',
  description:
    'Makes these rules all there are: those that differ get a new version, those that are left out are deleted. All of it or nothing, and in force at one moment.',
  headers: { 'If-Match': { required: true, description: SET_IF_MATCH } },
  body: { example: { rules: [RULE_EXAMPLE] } },
  answers: {
    200: json(
      'The rules are in force.',
      Type.Ref('RulesReplacement'),
      { rulesetVersion: 19, created: ['german-vip'], changed: [], deleted: ['german'], warnings: [] },
      SET_ETAG,
    ),
    400: badInput('body', '/rules/0/priority', ZERO),
    412: SET_STALE,
    428: UNGUARDED,
  },
}

export const DELETE_RULE: Operation = {
  operationId: 'deleteRule',
  tag,
  summary: 'Delete a rule',
  description: 'Its versions stay, so that past decisions can be explained and a rollback can bring it back.',
  headers: GUARD,
  answers: {
    204: { description: 'It is gone.' },
    400: BAD_KEY,
    404: problem(404, 'not_found', 'There is no rule "german-vip".'),
    412: STALE,
    428: UNGUARDED,
  },
}

export const ORDER_RULES: Operation = {
  operationId: 'orderRules',
  tag,
  summary: 'Set the order of the rules',
  description:
    'Rewrites the priorities so that the rules are tried in the order given: all of it or nothing. Without `If-Match`, whatever they are by now.',
  headers: { 'If-Match': { required: false, description: SET_IF_MATCH } },
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
      SET_ETAG,
    ),
    400: badInput('body', '/keys', 'Every rule must be named; add: spanish.'),
    412: SET_STALE,
  },
}

export const ROLL_BACK_RULE: Operation = {
  operationId: 'rollBackRule',
  tag,
  summary: 'Go back to a version of a rule',
  description:
    'The document of that version becomes the newest version. A deleted rule comes back by it, unless `If-Match` expects a version of it (412).',
  headers: { 'If-Match': { required: false, description: IF_MATCH } },
  body: { example: { version: 2 } },
  answers: {
    200: json('The rule as it is now.', Rule, { ...STORED_RULE_EXAMPLE, version: 4 }, ETAG),
    400: badInput('body', '/version', 'must be >= 1'),
    404: problem(404, 'not_found', 'There is no version 2 of a rule "german-vip".'),
    412: STALE,
    422: RED_TESTS,
  },
}
