import { fork } from 'node:child_process'
import { test } from 'tap'
import { instruct } from '../../src/adapters/program-beside.ts'

test('of a program that is killed before it has answered, as for want of memory, the signal is told', async (t) => {
  const code = "process.once('message', () => process.kill(process.pid, 'SIGKILL'))"
  const program = fork('-', [], { execArgv: ['-e', code] })
  t.strictSame(await instruct(program, 'keeper', {}), { kind: 'failed', message: 'its keeper was ended by SIGKILL' })
})
