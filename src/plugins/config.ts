import fastifyEnv from '@fastify/env'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { type Static, Type } from 'typebox'
import { isJsonObject } from '../domain/json-object.ts'
import { describeMistake, type Mistake } from './describe-mistake.ts'

const positive = { minimum: 1, maximum: 2_147_483_647 }

/** Every setting: type, validation, and the text of `.env.example`, which a test holds against it. A secret has no default. */
export const Config = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'The address to listen on; 0.0.0.0 in the image.' }),
  PORT: Type.Integer({
    default: 3000,
    minimum: 0,
    maximum: 65_535,
    description: 'The port to listen on; 0 takes a free one.',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'fatal, error, warn, info, debug, trace or silent.',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description:
        'postgresql://user:password@host:5432/database of a Postgres 15 or later; empty: an embedded one in DATA_DIR.',
    }),
  ),
  DATA_DIR: Type.String({ default: '.data', description: 'Where the embedded Postgres keeps its files.' }),
  HELPCRUNCH_API_URL: Type.String({
    default: 'https://api.helpcrunch.com/v1',
    format: 'base-url',
    description: "HelpCrunch's REST API with its version, without a slash at the end.",
  }),
  HELPCRUNCH_API_KEY: Type.String({
    minLength: 1,
    pattern: '^[\\x21-\\x7e]+$',
    description:
      'The API key: HelpCrunch, Settings, Developers, Public API. Quote it in .env when it holds a #; with docker --env-file never quote.',
  }),
  HELPCRUNCH_SIGNING_KEY: Type.String({
    minLength: 1,
    pattern: '^[^,]*[^,\\s][^,]*(,[^,]*[^,\\s][^,]*)*$', // a blank key would be one that everybody knows
    description:
      'The HTTP Webhook Signing Key: HelpCrunch, Settings, Developers, Webhooks. Several, comma-separated, while rotating. Quote it in .env when it holds a #; with docker --env-file never quote.',
  }),
  HELPCRUNCH_REQUESTS_PER_MINUTE: Type.Integer({
    default: 110,
    minimum: 2,
    maximum: 10_000,
    description: "This service's share of the account's 120 API calls a minute; at least 2.",
  }),
  HELPCRUNCH_TIMEOUT_MS: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 15_000,
    description: 'How long one API call may take, body included: 100 to 15000.',
  }),
  ADMIN_TOKEN: Type.String({
    minLength: 16,
    pattern: '^[A-Za-z0-9._~+/=-]+$',
    description: 'The first admin token of the REST API, at least 16 characters: openssl rand -hex 32.',
  }),
  ROUTER_MODE: Type.Enum(['live', 'shadow'], {
    default: 'live',
    description:
      'live: move chats. shadow: decide and record, look customers up, but never change anything at HelpCrunch.',
  }),
  ROLE: Type.Enum(['all', 'web', 'worker'], {
    default: 'all',
    description: 'web: receive and answer. worker: decide and apply. all: both.',
  }),
  DEFAULT_DEPARTMENT_ID: Type.Optional(
    Type.Integer({
      ...positive,
      description: 'The department for chats that no rule matches; empty: leave them where they are.',
    }),
  ),
  PLAN_FIELD: Type.String({
    default: 'plan',
    minLength: 1,
    description: "The custom attribute that holds the customer's plan; upper and lower case do not matter.",
  }),
  LEAVE_ASSIGNED: Type.Boolean({
    default: true,
    description:
      'true: a chat that already has an assignee is left alone. false: where HelpCrunch assigns agents by itself at creation.',
  }),
  WORKER_CONCURRENCY: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 200,
    description: 'Chats that are worked on at the same time: 1 to 200.',
  }),
  RETENTION_DAYS: Type.Integer({
    default: 90,
    minimum: 1,
    maximum: 3_650,
    description:
      'How many days webhooks, decisions and customers are kept, 1 to 3650; what still waits is never deleted.',
  }),
  RULES_DIR: Type.String({
    default: 'rules',
    description: 'The rule files imported once, when there are no rules yet.',
  }),
})
export type Config = Static<typeof Config>

export type Environment = Readonly<Record<string, string | undefined>>

/** Settings whose value must not appear anywhere. */
const SECRETS = ['HELPCRUNCH_API_KEY', 'HELPCRUNCH_SIGNING_KEY', 'ADMIN_TOKEN', 'DATABASE_URL']

/** Validates the settings with @fastify/env into `app.config`. The error names everything that is missing or malformed. */
export default fp(
  async (app: FastifyInstance, { env }: { env: Environment }) => {
    // In a shell and in .env files `NAME=` means "not set".
    const data = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
    try {
      await app.register(fastifyEnv, {
        ...{ confKey: 'config', schema: Config, data, env: false },
        ajv: { customOptions: (ajv) => ajv.addFormat('base-url', isBaseUrl) },
      })
    } catch (error) {
      throw new Error(`The settings are not right:\n${describe(readErrors(error), data)}`)
    }
    // Not sooner: a logger that is given a level it does not know throws before the other settings are looked at.
    app.log.level = app.config.LOG_LEVEL
  },
  { name: 'config' },
)

/** Whether paths can be added to an address. */
function isBaseUrl(text: string): boolean {
  return /^https?:\/\/[^\s?#]+[^/\s?#]$/.test(text) && URL.canParse(text)
}

interface SchemaError extends Mistake {
  readonly instancePath: string
}

function readErrors(error: unknown): readonly SchemaError[] {
  const errors = error instanceof Error ? Reflect.get(error, 'errors') : undefined
  if (!Array.isArray(errors)) throw error
  return errors as SchemaError[] // Ajv's, passed on by env-schema
}

function describe(errors: readonly SchemaError[], data: Readonly<Record<string, unknown>>): string {
  const lines = errors.map((error) => {
    const isMissing = error.keyword === 'required'
    const name = isMissing ? String(error.params.missingProperty) : error.instancePath.slice(1)
    const value = isMissing || SECRETS.includes(name) ? '' : ` (it is ${JSON.stringify(data[name])})`
    return `  ${name} ${describeMistake(error)}${value}. ${descriptionOf(name)}`
  })
  return [...new Set(lines)].join('\n')
}

/** What a setting is for, in a sentence. */
function descriptionOf(name: string): string {
  const schema: unknown = Reflect.get(Config.properties, name)
  return isJsonObject(schema) ? String(schema.description) : ''
}

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}
