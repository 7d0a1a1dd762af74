import { type Static, Type } from 'typebox'
import { Conditions } from './conditions.ts'
import { CHAT_EVENTS, MESSAGE_EVENTS } from './webhook-event.ts'

const CLOSED = { additionalProperties: false }

/** The events a rule may listen to. */
export const EVENT_TYPES_ROUTABLE = [...CHAT_EVENTS, ...MESSAGE_EVENTS] as const

/** `draft` and `disabled` are never evaluated, `shadow` is evaluated and never acted on, `enabled` routes. */
export const RuleStatus = Type.Enum(['draft', 'shadow', 'enabled', 'disabled'], {
  description: 'One of draft, shadow, enabled, disabled.',
})
export type RuleStatus = Static<typeof RuleStatus>

const Window = Type.Object(
  {
    days: Type.Array(Type.Integer({ minimum: 1, maximum: 7, description: 'An ISO day: 1 is Monday, 7 is Sunday.' }), {
      minItems: 1,
      uniqueItems: true,
      description: 'A list of ISO days on which the window starts, each once: 1 is Monday, 7 is Sunday.',
    }),
    from: Type.String({
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$',
      description: 'The first minute, as "HH:MM" from "00:00" to "23:59".',
    }),
    to: Type.String({
      pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
      description: 'The minute it ends before, as "HH:MM" up to "24:00". Before `from`: it ends on the next day.',
    }),
  },
  { ...CLOSED, description: 'A window: { "days": [1, 2, 3, 4, 5], "from": "09:00", "to": "18:00" }.' },
)

/** When a rule may win. A window that crosses midnight belongs to the day on which it starts. */
export const Schedule = Type.Object(
  {
    timezone: Type.String({
      minLength: 1,
      maxLength: 64,
      description: 'A time zone of the IANA database, for example "Europe/Berlin".',
    }),
    windows: Type.Array(Window, { minItems: 1, maxItems: 50, description: 'A list of 1 to 50 windows.' }),
    outside: Type.Optional(
      Type.Boolean({ description: 'True or false. With true the rule may win outside the windows instead of inside.' }),
    ),
  },
  { ...CLOSED, description: 'A time zone and windows: { "timezone": "Europe/Berlin", "windows": [...] }.' },
)
export type Schedule = Static<typeof Schedule>

/** The three results of Kleene logic in the words of the API. */
export const MatchResult = Type.Enum(['match', 'no_match', 'unknown'], {
  description: 'One of match, no_match, unknown.',
})
export type MatchResult = Static<typeof MatchResult>

const FactValueSchema = Type.Union(
  [Type.String(), Type.Number(), Type.Boolean(), Type.Array(Type.Union([Type.String(), Type.Number()]))],
  {
    description: 'Text, a number, true, false, or a list of texts and numbers. Leave a fact out to say it is unknown.',
  },
)

/** An example of what the rule should do; a rule whose tests fail cannot be enabled. */
export const RuleTest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 120, description: 'A name of 1 to 120 characters, each used once.' }),
    facts: Type.Record(Type.String(), FactValueSchema, {
      description: 'What is known, one flat object: { "language": "de", "custom.seats": 12 }.',
    }),
    at: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'A moment with its offset, for example "2026-03-02T10:00:00+01:00"; the schedule is tested too.',
      }),
    ),
    expect: MatchResult,
  },
  { ...CLOSED, description: 'A test: { "name": "...", "facts": { ... }, "expect": "match" }.' },
)
export type RuleTest = Static<typeof RuleTest>

/** The rule document as people write, store and review it. What a schema cannot say is in `validate-rule.ts`. */
export const RuleDocument = Type.Object(
  {
    key: Type.String({
      pattern: '^[a-z0-9]+(-[a-z0-9]+)*$',
      maxLength: 64,
      description: 'Lower-case letters, digits and single hyphens, up to 64 characters, for example german-vip.',
    }),
    name: Type.String({ minLength: 1, maxLength: 120, pattern: '\\S', description: 'A name of 1 to 120 characters.' }),
    description: Type.Optional(Type.String({ maxLength: 2000, description: 'Text of up to 2000 characters.' })),
    status: RuleStatus,
    priority: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'A whole number from 1 to 10000; higher is tried first, a tie goes to the smaller key.',
    }),
    events: Type.Optional(
      Type.Array(
        Type.Enum(EVENT_TYPES_ROUTABLE, {
          description: 'A chat or message event of HelpCrunch, for example chat.new or message.chat.customer.',
        }),
        {
          minItems: 1,
          uniqueItems: true,
          description: 'A list of chat and message events, each once, for example ["chat.new"], which is the default.',
        },
      ),
    ),
    conditions: Conditions,
    schedule: Type.Optional(Schedule),
    reroute: Type.Optional(
      Type.Boolean({
        description: 'True or false, the default. With true the rule moves chats that were routed before, too.',
      }),
    ),
    department: Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'The id of a HelpCrunch department, a positive whole number without quotes.',
    }),
    tests: Type.Optional(Type.Array(RuleTest, { maxItems: 100, description: 'A list of up to 100 tests.' })),
  },
  { ...CLOSED, description: 'A rule: an object with key, name, status, priority, conditions and department.' },
)
export type RuleDocument = Static<typeof RuleDocument>

/** One version of a rule, as it was live in a rule set. */
export interface LiveRule {
  readonly document: RuleDocument
  readonly version: number
}

/** All rules of one moment in any order, drafts and disabled ones included. */
export interface Ruleset {
  readonly version: number
  readonly rules: readonly LiveRule[]
}
