import { Type } from 'typebox'
import { RuleDocument } from '../../domain/rule.ts'
import { Time } from './operation.ts'

const CLOSED = { additionalProperties: false }

/** A rule as it is answered: the document, and what the service adds. */
export const Rule = Type.Object(
  {
    ...RuleDocument.properties,
    version: Type.Integer({ description: 'Counts the changes of this rule; its `ETag`.' }),
    createdAt: Time,
    updatedAt: Time,
    updatedBy: Type.String({ description: 'The name of the token, or `import`.' }),
    warnings: Type.Array(Type.Ref('RuleWarning'), { description: 'What is likely not meant. It stops nothing.' }),
  },
  { ...CLOSED, description: 'A rule as it is now. It may be sent back with a change as it is.' },
)

/** One version of a rule. */
export const RuleVersion = Type.Object(
  {
    version: Type.Integer(),
    author: Type.String({ description: 'The name of the token that made it, or `import`.' }),
    createdAt: Time,
    liveFrom: Type.Integer({ description: 'The first rule-set version that it was part of.' }),
    liveTo: Type.Union([Type.Integer(), Type.Null()], {
      description: 'The first rule-set version without it; null while it is in force.',
    }),
    document: Type.Ref('RuleDocument'),
  },
  CLOSED,
)

const InputProblem = Type.Object(
  {
    pointer: Type.String({ description: 'The JSON pointer of the place in the request.' }),
    message: Type.String({ description: 'What is wrong there, and what to do.' }),
  },
  CLOSED,
)

/** What a write would refuse, and what it would warn of. */
export const RuleCheck = Type.Object(
  { errors: Type.Array(InputProblem), warnings: Type.Array(Type.Ref('RuleWarning')) },
  CLOSED,
)

/** The rule-set version after an order was written, and where each rule stands. */
export const RuleOrder = Type.Object(
  {
    rulesetVersion: Type.Integer({ description: 'Counts the changes of all rules.' }),
    data: Type.Array(Type.Object({ key: Type.String(), priority: Type.Integer(), version: Type.Integer() }, CLOSED), {
      description: 'In the order tried.',
    }),
  },
  CLOSED,
)

const Keys = Type.Array(Type.String())

/** What became of each rule when all were replaced. */
export const RulesReplacement = Type.Object(
  {
    rulesetVersion: Type.Integer({ description: 'Counts the changes of all rules.' }),
    created: Keys,
    changed: Keys,
    deleted: Keys,
    warnings: Type.Array(Type.Ref('RuleWarning'), { description: 'What is likely not meant. It stops nothing.' }),
  },
  { ...CLOSED, description: 'The keys of the rules that differ. The others keep their versions.' },
)

const conditions = {
  all: [
    { fact: 'language', operator: 'equal', value: 'de' },
    {
      any: [
        { fact: 'plan', operator: 'in', value: ['pro', 'enterprise'] },
        { fact: 'tags', operator: 'contains', value: 'vip' },
      ],
    },
    { not: { fact: 'country', operator: 'in', value: ['CH', 'AT'] } },
  ],
}

/** The rule that the documents explain. */
export const RULE_EXAMPLE = {
  key: 'german-vip',
  name: 'German-speaking VIPs',
  description: 'Agreed with the DACH team',
  status: 'enabled',
  priority: 900,
  events: ['chat.new'],
  conditions,
  schedule: {
    timezone: 'Europe/Berlin',
    windows: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }],
  },
  department: 233048,
  tests: [{ name: 'pro customer', facts: { language: 'de', plan: 'Pro', country: 'DE' }, expect: 'match' }],
}

/** The same, as the service answers it. */
export const STORED_RULE_EXAMPLE = {
  ...RULE_EXAMPLE,
  version: 3,
  createdAt: '2026-03-01T08:00:00.000Z',
  updatedAt: '2026-03-02T09:15:00.000Z',
  updatedBy: 'Olena',
  warnings: [],
}

/** What a check warns of. */
export const NEVER_REACHED_EXAMPLE = {
  rule: 'german-vip',
  code: 'never_reached',
  pointer: '/priority',
  message:
    'No chat gets to this rule: every chat that it matches is taken by "german" before. Give this rule a higher priority, narrow what comes before it, or remove it.',
  certainty: 'certain',
  others: ['german'],
  witness: {
    event: 'chat.new',
    at: '2026-03-02T08:00:00.000Z',
    facts: { event: 'chat.new', plan: 'pro', language: 'de', country: 'DE' },
  },
}

/** What a write warns of while HelpCrunch is away. */
export const WARNING_EXAMPLE = {
  rule: 'german-vip',
  code: 'department_unchecked',
  pointer: '/department',
  message: 'HelpCrunch could not be asked whether it has a department 233048. Check the id.',
  certainty: 'may',
  others: [],
  witness: null,
}

/** What is told of a priority that is none. */
export const PRIORITY_EXAMPLE =
  'It is 0. Expected: a whole number from 1 to 10000; higher is tried first, a tie goes to the smaller key.'
