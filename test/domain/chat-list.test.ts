import { test } from 'tap'
import { readChatStates } from '../../src/domain/chat-list.ts'

const chat = (id: number, parts: object = {}) => ({
  ...{ id, status: 'onhold', department: { id: 10, name: 'Billing' }, assignee: null },
  ...{ customer: { id: 1, name: 'Olena', email: 'olena@example.test', userId: null }, lastMessageText: 'Hi' },
  ...parts,
})
const read = (value: unknown, ...wanted: number[]) => {
  const states = readChatStates(value, new Set(wanted))
  return states && Object.fromEntries(states)
}

test('of a list the wanted chats are read, and of them what says whether they may be moved', (t) => {
  const data = [chat(1), chat(2, { department: null, assignee: { id: 88, name: 'Ada' } }), chat(3)]
  t.strictSame(read({ data, meta: { total: 3 } }, 1, 2, 4), {
    1: { status: 'on hold', departmentId: 10, assigneeId: null },
    2: { status: 'on hold', departmentId: null, assigneeId: 88 },
  })
  t.end()
})

test('a chat that does not tell its whole state is as if it were not listed', (t) => {
  const data = [chat(1, { status: '3' }), chat(2, { department: undefined }), { id: 3 }, 'chat', null, chat(4)]
  t.strictSame(Object.keys(read({ data }, 1, 2, 3, 4) ?? {}), ['4'])
  t.end()
})

test('what is no list tells of no chats', (t) => {
  for (const value of [undefined, null, [], {}, { data: {} }, { errors: [] }]) t.equal(read(value, 1), undefined)
  t.end()
})
