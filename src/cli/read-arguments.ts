import { parseArgs } from 'node:util'
import { suggestion } from '../domain/suggestion.ts'
import { helpFor } from './help.ts'

const COMMANDS = ['plan', 'apply', 'export', 'lint', 'test'] as const
export type Command = (typeof COMMANDS)[number]

/** What a command is to work with. An option that it does not take has its default. */
export interface Settings {
  readonly dir: string
  /** Without a slash at the end. */
  readonly url: string
  /** A secret: it goes into the `Authorization` header and nowhere else. */
  readonly token: string | undefined
  readonly json: boolean
  /** How many recent decisions a plan looks at. */
  readonly limit: number
  /** Where `plan` keeps the plan. */
  readonly out: string | undefined
  /** The plan that `apply` carries out; undefined makes one from the folder. */
  readonly planFile: string | undefined
  readonly prune: boolean
  readonly strict: boolean
}

export type ArgumentsReading =
  | { readonly kind: 'run'; readonly command: Command; readonly settings: Settings }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'refused'; readonly problem: string }

const OPTIONS = {
  dir: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean' },
  limit: { type: 'string' },
  out: { type: 'string' },
  prune: { type: 'boolean' },
  strict: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

/** `lint` and `test` take where the service is without asking it, so that a script can give all commands the same. */
const EVERYWHERE = ['dir', 'url', 'token', 'json', 'help'] as const
const TAKEN: Readonly<Record<Command, readonly string[]>> = {
  plan: [...EVERYWHERE, 'limit', 'out'],
  apply: EVERYWHERE,
  export: [...EVERYWHERE, 'prune'],
  lint: [...EVERYWHERE, 'strict'],
  test: EVERYWHERE,
}

const LIMIT_DEFAULT = 1000
const LIMIT_MAX = 10_000
const URL_DEFAULT = 'http://127.0.0.1:3000'

/** Reads the command line. A problem is one line that says what to write instead, and never has the token in it. */
export function readArguments(args: readonly string[], env: NodeJS.ProcessEnv): ArgumentsReading {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: false, // its own messages are long, and name one problem as if it were another
  })
  const [name, ...rest] = positionals
  const command = COMMANDS.find((known) => known === name)
  if (name !== undefined && command === undefined) {
    return refused(`There is no command "${name}".${suggestion(name, COMMANDS)} There are ${COMMANDS.join(', ')}.`)
  }
  if (values.help === true) return { kind: 'help', text: helpFor(command) }
  if (command === undefined) return refused(`Say what to do: ${COMMANDS.join(', ')}. --help says more.`)
  const misfit = takenByNpm(command, values, env) ?? misfitOf(command, values, rest)
  if (misfit !== undefined) return refused(misfit)
  const limit = values.limit === undefined ? LIMIT_DEFAULT : Number(values.limit)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX)) {
    return refused(`--limit takes a whole number from 1 to ${LIMIT_MAX}.`)
  }
  const url = readUrl(text(values.url) ?? (env.ROUTER_URL || URL_DEFAULT))
  if (url === undefined)
    return refused('--url and ROUTER_URL take an address such as https://router.example.com, without ? or #.')
  const settings = {
    dir: text(values.dir) ?? 'rules',
    url,
    token: text(values.token) ?? (env.ROUTER_TOKEN || undefined),
    json: values.json === true,
    limit,
    out: text(values.out),
    planFile: rest[0],
    prune: values.prune === true,
    strict: values.strict === true,
  }
  return { kind: 'run', command, settings }
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>

/** npm has settings of these names, too. */
const OPTIONS_OF_NPM = ['json', 'help']

/**
 * What npm takes for a setting of its own, because no two dashes stand before it, it passes on as such and nowhere else: without
 * this, `npm run rules apply --url=...` would write to the service that is the default.
 */
function takenByNpm(command: Command, values: Values, env: NodeJS.ProcessEnv): string | undefined {
  if (!env.npm_config_user_agent?.startsWith('npm/')) return undefined
  const names = Object.keys(OPTIONS).filter((name) => !OPTIONS_OF_NPM.includes(name) && values[name] === undefined)
  const taken = names.find((name) => env[`npm_config_${name}`])
  if (taken === undefined) return undefined
  return `npm has taken --${taken} for itself. Options follow two dashes: npm run rules -- ${command} --${taken} ...`
}

/** The first thing on the command line that the command does not take. */
function misfitOf(command: Command, values: Values, rest: readonly string[]): string | undefined {
  const unknown = Object.keys(values).find((name) => !TAKEN[command].includes(name))
  if (unknown !== undefined) {
    const known = TAKEN[command].map((name) => `--${name}`)
    return `${command} takes no --${unknown}.${suggestion(`--${unknown}`, known)} "npm run rules -- ${command} --help" lists what it takes.`
  }
  for (const [name, value] of Object.entries(values)) {
    const wantsText = Object.entries(OPTIONS).some(([option, { type }]) => option === name && type === 'string')
    if (wantsText && (typeof value !== 'string' || value === '' || value.startsWith('--'))) {
      return `--${name} needs a value, as in --${name} <${name}>.`
    }
    if (!wantsText && typeof value === 'string') return `--${name} takes no value.`
  }
  const extra = command === 'apply' ? rest[1] : rest[0]
  return extra === undefined ? undefined : `Unexpected argument "${extra}". With npm, options follow two dashes.`
}

function text(value: Values[string]): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function readUrl(value: string): string | undefined {
  const url = URL.parse(value)
  // A password in it would be shown with it.
  const isFit =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && !/[?#]/.test(value)
  return isFit ? value.replace(/\/+$/, '') : undefined
}

function refused(problem: string): ArgumentsReading {
  return { kind: 'refused', problem }
}
