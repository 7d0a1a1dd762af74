import { test } from 'tap'
import { callApi, startSmallAccount } from '../sandbox/simulator-fixture.ts'
import { judge, PERSONS_CHOICE } from './stories.ts'

test("our move in the same millisecond as a person's is told apart by the order of the two", async (t) => {
  const { simulator } = await startSmallAccount(t)
  simulator.addDepartment({ id: PERSONS_CHOICE, name: 'Where people move chats' })
  const { id: chatId } = simulator.openChat({ customerId: 9011 })
  const before = simulator.calls.all.length
  simulator.agentMovesChat(chatId, PERSONS_CHOICE)
  await callApi(simulator, 'PUT', '/chats/department', { id: chatId, department: 4411 })
  const [put] = simulator.calls.departmentPuts(chatId)
  const atMs = put?.at.getTime() ?? 0
  const story = { chatId, wanted: [4411], announced: { sentAtMs: atMs - 5, takenAtMs: atMs - 4 } }
  const judged = (afterCall: number) => judge(simulator, { ...story, moved: { atMs, afterCall } })
  t.match(judged(before), { hasDiverged: false, override: 'window' }, 'the person came first')
  t.match(
    judged(put?.number ?? 0),
    { hasDiverged: true, override: 'none' },
    'the person came last, and yet the chat is ours',
  )
})
