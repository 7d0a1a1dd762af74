import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'tap'
import { rule, writeRules } from '../support/rules.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'
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

test('what is under way is finished when nobody reads on, and the exit code is the same', async (t) => {
  const { url, get } = await startService(t, { settings: { ROLE: 'web' } })
  const dir = await writeRules(t, [rule(), rule({ key: 'a', priority: 2 }), rule({ key: 'b', priority: 1 })])
  const script = '{ "$0" src/cli/rules.ts apply --dir "$1"; echo "exit code $?" >&2; } | :'
  const { stderr } = spawn('sh', ['-c', script, process.execPath, dir], {
    env: { ...inherited(), NODE_NO_WARNINGS: '1', ROUTER_URL: url, ROUTER_TOKEN: ADMIN_TOKEN },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.equal(await text(stderr), 'exit code 0\n')
  t.equal((await get('/v1/rules')).body.data.length, 3)
})
