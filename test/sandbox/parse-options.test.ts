import { test } from 'tap'
import { parseOptions } from '../../src/sandbox/parse-options.ts'

test('without options the sandbox goes on until it is stopped, with the same customers each time', async (t) => {
  t.strictSame(parseOptions([]), { kind: 'options', options: { chats: undefined, seed: 1 } })
})

test('both numbers are read up to their limits, and --help says what there is', async (t) => {
  const options = { chats: 10_000, seed: 4_294_967_295 }
  t.strictSame(parseOptions(['--chats', '10000', '--seed=4294967295']), { kind: 'options', options })
  t.match(parseOptions(['-h']), { kind: 'help', text: /--chats N .*--seed N /s })
})

test('what cannot be asked for is answered with one line that says what to write', async (t) => {
  for (const [args, problem] of [
    [['--chats', 'abc'], /^--chats takes a whole number from 1 to 10000, as in --chats 20\.$/],
    [['--chats', '10001'], /^--chats takes a whole number/],
    [['--chats'], /^--chats takes a whole number/],
    [['--seed', '-1'], /^--seed takes a whole number/],
    [['--chat', '3'], /^There is no --chat: only --chats N/],
    [['20'], /^Unexpected argument "20": .*"npm run sandbox -- --chats 20"/],
  ] as const) {
    const reading = parseOptions(args)
    t.match(reading, { kind: 'invalid', problem }, args.join(' '))
    t.notMatch(reading, { problem: '\n' })
  }
})

test('an option that npm has taken for itself, for want of two dashes before it, is not passed over', async (t) => {
  const npm = { npm_config_user_agent: 'npm/11.19.1 node/v24.0.0 linux x64', npm_config_chats: '3' }
  t.match(parseOptions([], npm), { kind: 'invalid', problem: 'npm run sandbox -- --chats N' })
  t.match(parseOptions(['--chats', '4'], npm), { kind: 'options', options: { chats: 4 } })
  t.match(parseOptions([], { ...npm, npm_config_user_agent: 'pnpm/10.0.0' }), { kind: 'options' })
})
