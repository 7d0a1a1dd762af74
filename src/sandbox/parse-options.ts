import { parseArgs } from 'node:util'

/** What may be asked of the sandbox on its command line. */
export interface SandboxOptions {
  /** Ends by itself after this many chats; undefined goes on until it is stopped. */
  readonly chats: number | undefined
  /** The same seed brings the same customers in the same order. */
  readonly seed: number
}

export type OptionsReading =
  | { readonly kind: 'options'; readonly options: SandboxOptions }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'invalid'; readonly problem: string }

const CHATS_MAX = 10_000
const SEED_MAX = 2 ** 32 - 1
const SEED_DEFAULT = 1

const HELP = `npm run sandbox -- [--chats N] [--seed N]

  --chats N   stop after N chats are decided, with a summary; without it, Ctrl-C stops
  --seed N    other customers in another order, the same ones each time (default ${SEED_DEFAULT})

PORT (3000) is where the service listens. DATABASE_URL makes it use that server, with a database of its own.`

/** Reads the command line. A problem is one line that says what to write instead. */
export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv = {}): OptionsReading {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { chats: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
    strict: false, // its own messages are long, and name one problem as if it were another
  })
  if (values.help) return { kind: 'help', text: HELP }
  const unknown = Object.keys(values).find((name) => name !== 'chats' && name !== 'seed')
  if (unknown !== undefined) return invalid(`There is no --${unknown}: only --chats N, --seed N and --help are known.`)
  if (positionals[0] !== undefined) {
    return invalid(
      `Unexpected argument "${positionals[0]}": with npm, options follow two dashes, as in "npm run sandbox -- --chats 20".`,
    )
  }
  const taken = ['chats', 'seed'].find((name) => values[name] === undefined && env[`npm_config_${name}`])
  if (taken !== undefined && env.npm_config_user_agent?.startsWith('npm/')) {
    return invalid(`npm has taken --${taken} for itself. Options follow two dashes: npm run sandbox -- --${taken} N`)
  }
  const chats = readNumber(values.chats, 1, CHATS_MAX)
  if (chats === 'invalid') return invalid(`--chats takes a whole number from 1 to ${CHATS_MAX}, as in --chats 20.`)
  const seed = readNumber(values.seed, 0, SEED_MAX)
  if (seed === 'invalid') return invalid(`--seed takes a whole number from 0 to ${SEED_MAX}, as in --seed 7.`)
  return { kind: 'options', options: { chats, seed: seed ?? SEED_DEFAULT } }
}

/** An option that is given without a value is `true`. */
function readNumber(value: string | boolean | undefined, min: number, max: number): number | 'invalid' | undefined {
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : Number.NaN
  return number >= min && number <= max ? number : 'invalid'
}

function invalid(problem: string): OptionsReading {
  return { kind: 'invalid', problem }
}
