import { Type } from 'typebox'
import { json, type Operation, pageOf, problem } from './operation.ts'
import { RULE_VERSION, UNGUARDED } from './preconditions.ts'
import { PRIORITY_EXAMPLE, RULE_EXAMPLE, STORED_RULE_EXAMPLE, WARNING_EXAMPLE } from './rules.ts'
import { badInput } from './shared-answers.ts'

const tag = 'Rules'
const LOCATION = { Location: 'Where the rule is from now on.' }
const BODY = { schema: Type.Ref('RuleDocument'), example: RULE_EXAMPLE }
const Rule = Type.Ref('Rule')

const BAD_KEY = badInput('path', '/key', 'must have at most 64 characters')
const BAD_RULE = badInput('body', '/priority', PRIORITY_EXAMPLE)
const MISSING = problem(404, 'not_found', 'There is no such rule. Create it with POST /v1/rules.')
const RED_TESTS = problem(422, 'red_tests', 'A rule is enabled only when all its tests pass.', {
  errors: [
    {
      pointer: '/tests/0',
      message:
        'The test "pro customer" expects match, but the rule says no_match. Fix the rule or the test, or set the status to "draft".',
    },
  ],
})

export const READ_RULE: Operation = {
  operationId: 'readRule',
  tag,
  summary: 'Read a rule',
  description: 'As it is now. Its `ETag` is what a change must send as `If-Match`.',
  answers: {
    200: json('The rule.', Rule, STORED_RULE_EXAMPLE, RULE_VERSION.etag),
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
    201: json(
      'The rule is stored.',
      Rule,
      { ...STORED_RULE_EXAMPLE, version: 1 },
      { ...RULE_VERSION.etag, ...LOCATION },
    ),
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
  headers: RULE_VERSION.required,
  body: BODY,
  answers: {
    200: json(
      'The rule as it is now.',
      Rule,
      { ...STORED_RULE_EXAMPLE, warnings: [WARNING_EXAMPLE] },
      RULE_VERSION.etag,
    ),
    400: BAD_RULE,
    404: MISSING,
    412: RULE_VERSION.stale,
    422: RED_TESTS,
    428: UNGUARDED,
  },
}

export const DELETE_RULE: Operation = {
  operationId: 'deleteRule',
  tag,
  summary: 'Delete a rule',
  description: 'Its versions stay, so that past decisions can be explained and a rollback can bring it back.',
  headers: RULE_VERSION.required,
  answers: {
    204: { description: 'It is gone.' },
    400: BAD_KEY,
    404: problem(404, 'not_found', 'There is no rule "german-vip".'),
    412: RULE_VERSION.stale,
    428: UNGUARDED,
  },
}

export const ROLL_BACK_RULE: Operation = {
  operationId: 'rollBackRule',
  tag,
  summary: 'Go back to a version of a rule',
  description:
    'The document of that version becomes the newest version. A deleted rule comes back by it, unless `If-Match` expects a version of it (412).',
  headers: RULE_VERSION.optional,
  body: { example: { version: 2 } },
  answers: {
    200: json('The rule as it is now.', Rule, { ...STORED_RULE_EXAMPLE, version: 4 }, RULE_VERSION.etag),
    400: badInput('body', '/version', 'must be >= 1'),
    404: problem(404, 'not_found', 'There is no version 2 of a rule "german-vip".'),
    412: RULE_VERSION.stale,
    422: RED_TESTS,
  },
}
