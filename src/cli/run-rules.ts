import { applyRules } from './apply-rules.ts'
import { CommandError } from './command-error.ts'
import { exportRules } from './export-rules.ts'
import { lintRules } from './lint-rules.ts'
import type { Output } from './output.ts'
import { planRules } from './plan-rules.ts'
import { type Command, readArguments, type Settings } from './read-arguments.ts'
import { testRules } from './test-rules.ts'

/** Runs one command and gives its exit code: 0, 1 after an error, 2 when a plan has a difference. */
export async function runRules(args: readonly string[], env: NodeJS.ProcessEnv, output: Output): Promise<number> {
  const reading = readArguments(args, env)
  if (reading.kind === 'help') {
    output.line(reading.text)
    return 0
  }
  if (reading.kind === 'refused') {
    output.problem(reading.problem)
    return 1
  }
  try {
    return await COMMANDS[reading.command](reading.settings, output)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    output.problem(error.message)
    return 1
  }
}

const COMMANDS: Readonly<Record<Command, (settings: Settings, output: Output) => Promise<number>>> = {
  plan: planRules,
  apply: applyRules,
  export: exportRules,
  lint: lintRules,
  test: testRules,
}
