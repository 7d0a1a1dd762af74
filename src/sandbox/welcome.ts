import type { Sandbox } from './start-sandbox.ts'
import type { Paint } from './terminal.ts'

export interface WelcomeParts {
  readonly sandbox: Sandbox
  readonly departmentCount: number
  readonly ruleCount: number
  readonly chats: number | undefined
  readonly paint: Paint
}

/** What runs where, and how to ask it. */
export function welcome({ sandbox, departmentCount, ruleCount, chats, paint }: WelcomeParts): string[] {
  const { url, token, takenPort, databaseWhere, simulator } = sandbox
  const step = (name: string, text: string) => ` ${paint('green', '✓')} ${paint('bold', name.padEnd(11))}${text}`
  const taken =
    takenPort === undefined
      ? []
      : [`   ${' '.repeat(11)}${paint('yellow', `port ${takenPort} is taken, so this is a free one`)}`]
  const account = `simulated, with ${departmentCount} departments and ${simulator.customers.size} customers`
  const end =
    chats === undefined ? 'Ctrl-C stops all of it' : `It stops by itself after ${chats} chats; Ctrl-C stops it before`
  return [
    step('Postgres', databaseWhere),
    step('HelpCrunch', account),
    step('Router', `${paint('underline', url)}, ${ruleCount} rules from rules/`),
    ...taken,
    '',
    ' Ask it yourself:',
    ` ${paint('cyan', `curl -H 'Authorization: Bearer ${token}' '${url}/v1/decisions?limit=1'`)}`,
    '',
    ` ${paint('dim', `${end}.`)}`,
    '',
  ]
}
