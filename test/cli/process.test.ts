import { spawnSync } from 'node:child_process'
import { test } from 'tap'
import { rule, writeRules } from '../support/rules.ts'
import { inherited } from '../support/start-command.ts'

/** Runs the command as npm does. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/cli/rules.ts', ...args], {
    env: { ...inherited(), NODE_NO_WARNINGS: '1', ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('the result goes to standard output, what went wrong to standard error, and the exit code says which it was', async (t) => {
  t.strictSame(run(['lint', '--dir', await writeRules(t, [rule()])]), {
    status: 0,
    stdout: '1 file: 0 errors, 0 warnings\n',
    stderr: '',
  })
  t.match(run(['lnt']), { status: 1, stdout: '', stderr: /^There is no command "lnt"\. Did you mean "lint"\?.*\n$/ })
})

test('there are colours where they are wanted, and none in a pipe', async (t) => {
  const dir = await writeRules(t, [rule({ priority: 0 })])
  t.match(run(['lint', '--dir', dir]).stdout, /^error {3}/)
  t.match(run(['lint', '--dir', dir], { FORCE_COLOR: '1' }).stdout, '\u001b[31merror\u001b[39m   ')
})
