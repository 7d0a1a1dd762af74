import { parseArgs } from 'node:util'
import { startTestServer } from '../support/postgres.ts'
import { buildOnce } from '../support/start-command.ts'
import { type Scenario, spell } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { createStage } from './stage.ts'

// npm run chaos: makes faults happen on real parts, and prints what became of each promise. Exit 0 only when all were kept.
const DEFAULT_SECONDS = 60

const USAGE = 'npm run chaos -- [--only P1,P3] [--seed N] [--seconds N] [--quick]'

const values = readOptions()
if (values.help) {
  console.log(USAGE)
  process.exit()
}
const seed = readNumber('seed', values.seed) ?? Date.now() % 2 ** 31
const seconds = readNumber('seconds', values.seconds) ?? DEFAULT_SECONDS
const scenarios = choose(values.only)

console.log(`seed=${seed}`)
buildOnce()
const server = await startTestServer()
process.env.TEST_SERVER_URL = server.url
process.env.TEST_SERVER_TEMPLATE = server.template
let broken = 0
try {
  for (const scenario of scenarios) if (!(await play(scenario))) broken += 1
} finally {
  await server.stop()
}
console.log(`${scenarios.length - broken} promises kept, ${broken} broken`)
process.exit(broken === 0 ? 0 : 1) // a scenario that failed half-way may have left something open

/** Plays one scenario and prints its line. One that could not be played through has not kept its promise. */
async function play(scenario: Scenario): Promise<boolean> {
  const { stage, clear } = createStage({ seed, scale: values.quick ? 'quick' : 'full', seconds })
  try {
    const figures = await scenario.run(stage)
    console.log(spell(scenario, figures))
    return figures.every(({ isKept }) => isKept)
  } catch (error) {
    console.log(`${scenario.id.padEnd(4)} ${error instanceof Error ? error.stack : error} BROKEN`)
    return false
  } finally {
    await clear()
  }
}

function readOptions() {
  const text = { type: 'string' } as const
  const isSet = { type: 'boolean' } as const
  try {
    return parseArgs({ options: { only: text, seconds: text, seed: text, quick: isSet, help: isSet } }).values
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

function refuse(problem: string): never {
  console.error(`${problem}\n${USAGE}`)
  process.exit(1)
}

function choose(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS
  const ids = only.split(',').map((id) => id.trim().toUpperCase())
  const unknown = ids.filter((id) => !SCENARIOS.some((scenario) => scenario.id === id))
  if (unknown.length > 0) {
    refuse(`There is no ${unknown.join(', ')}; there are ${SCENARIOS.map(({ id }) => id).join(', ')}.`)
  }
  return SCENARIOS.filter(({ id }) => ids.includes(id))
}

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) refuse(`--${name} takes a whole number, as in --${name} 60.`)
  return number
}
