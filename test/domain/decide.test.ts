import { test } from 'tap'
import type { ChatSnapshot } from '../../src/domain/chat-snapshot.ts'
import {
  checkMove,
  decide,
  isStateKnown,
  type RoutingPolicy,
  type RoutingRecord,
  reasonToLeave,
} from '../../src/domain/decide.ts'
import type { RuleDocument } from '../../src/domain/rule.ts'
import { compileRuleset } from '../../src/domain/ruleset.ts'
import { rule } from '../support/rules.ts'

const NEW_CHAT: ChatSnapshot = { status: 'new', departmentId: null, assigneeId: null }
const UNTOUCHED: RoutingRecord = {
  originalDepartmentId: undefined,
  routedDepartmentId: undefined,
  pendingDepartmentId: undefined,
  triedDepartmentIds: [],
}
const LIVE: RoutingPolicy = { mode: 'live', defaultDepartmentId: undefined, leaveAssigned: true }
const WITH_DEFAULT: RoutingPolicy = { ...LIVE, defaultDepartmentId: 90 }

/** A rule that sends to department 10. */
function winner(parts: Partial<RuleDocument> = {}) {
  const [compiled] = compileRuleset({ version: 1, rules: [{ document: rule(parts), version: 1 }] }).rules
  if (compiled === undefined) throw new Error('One rule makes a set of one.')
  return compiled
}

const decideWith = (
  chat: Partial<ChatSnapshot> = {},
  record: Partial<RoutingRecord> = {},
  policy: Partial<RoutingPolicy> = {},
  rerouting = false,
) =>
  decide(winner({ reroute: rerouting }), { ...NEW_CHAT, ...chat }, { ...UNTOUCHED, ...record }, { ...LIVE, ...policy })

test('the rule that won sends the chat to its department', (t) => {
  t.strictSame(decideWith(), { outcome: 'pending', reason: undefined, departmentId: 10 })
  t.end()
})

test('when nothing matched, the chat stays where it is', (t) => {
  const nothing = { outcome: 'no_match', reason: undefined, departmentId: undefined }
  t.strictSame(decide(null, NEW_CHAT, UNTOUCHED, LIVE), nothing)
  t.strictSame(decide(null, { ...NEW_CHAT, status: 'closed' }, UNTOUCHED, LIVE), nothing, 'even a closed one')
  t.end()
})

test('when nothing matched and there is a default department, the chat goes there', (t) => {
  const reason = 'default_department'
  t.strictSame(decide(null, NEW_CHAT, UNTOUCHED, WITH_DEFAULT), { outcome: 'pending', reason, departmentId: 90 })
  t.strictSame(decide(null, { ...NEW_CHAT, departmentId: 90 }, UNTOUCHED, WITH_DEFAULT), {
    outcome: 'unchanged',
    reason,
    departmentId: 90,
  })
  t.strictSame(decide(winner(), NEW_CHAT, UNTOUCHED, WITH_DEFAULT), {
    outcome: 'pending',
    reason: undefined,
    departmentId: 10,
  })
  t.end()
})

test('a chat that is left alone keeps the reason, and not that nothing matched', (t) => {
  const closed = { ...NEW_CHAT, status: 'closed' }
  t.strictSame(decide(null, closed, UNTOUCHED, WITH_DEFAULT), {
    outcome: 'skipped',
    reason: 'closed',
    departmentId: 90,
  })
  t.end()
})

test('a chat that is there already is not moved', (t) => {
  t.strictSame(decideWith({ departmentId: 10 }), { outcome: 'unchanged', reason: undefined, departmentId: 10 })
  t.match(decideWith({ departmentId: 10, assigneeId: 88 }), { outcome: 'unchanged' }, 'assigned or not')
  t.end()
})

test('in shadow mode only what would have been a move is different', (t) => {
  const mode = 'shadow'
  t.strictSame(decideWith({}, {}, { mode }), { outcome: 'shadow', reason: undefined, departmentId: 10 })
  t.match(decide(null, NEW_CHAT, UNTOUCHED, { ...WITH_DEFAULT, mode }), {
    outcome: 'shadow',
    reason: 'default_department',
  })
  t.match(decideWith({ departmentId: 10 }, {}, { mode }), { outcome: 'unchanged' })
  t.match(decideWith({ status: 'closed' }, {}, { mode }), { outcome: 'skipped', reason: 'closed' })
  t.match(decide(null, NEW_CHAT, UNTOUCHED, { ...LIVE, mode }), { outcome: 'no_match' })
  t.end()
})

test('a closed chat is left alone', (t) => {
  t.match(decideWith({ status: 'closed' }), { outcome: 'skipped', reason: 'closed' })
  for (const status of ['new', 'opened', 'pending', 'on hold', 'no communication', 'empty', 'of the future']) {
    t.match(decideWith({ status }), { outcome: 'pending' }, status)
  }
  t.end()
})

test('a chat with an assignee is left alone, unless LEAVE_ASSIGNED is false', (t) => {
  t.match(decideWith({ assigneeId: 88 }), { outcome: 'skipped', reason: 'assigned' })
  t.match(decideWith({ assigneeId: 88 }, {}, { leaveAssigned: false }), { outcome: 'pending' })
  t.end()
})

test('a chat is routed once', (t) => {
  const routed = { originalDepartmentId: null, routedDepartmentId: 20 }
  t.match(decideWith({ departmentId: 20 }, routed), { outcome: 'skipped', reason: 'already_routed' })
  const waiting = { originalDepartmentId: null, pendingDepartmentId: 20 }
  t.match(
    decideWith({}, waiting),
    { outcome: 'skipped', reason: 'already_routed' },
    'and when its call is still to come',
  )
  t.end()
})

test('why a routed chat is left alone is told also when nobody knows which rule won', (t) => {
  const routed = { ...UNTOUCHED, originalDepartmentId: 30, routedDepartmentId: 20 }
  const reason = (chat: ChatSnapshot) => reasonToLeave({ ...NEW_CHAT, ...chat }, routed)
  t.equal(reason({ departmentId: 20 }), 'already_routed')
  t.equal(reason({ departmentId: 40 }), 'moved_by_person')
  t.equal(reason({ departmentId: 40, status: 'closed' }), 'closed')
  t.end()
})

test('a rule that reroutes moves a routed chat again', (t) => {
  const routed = { originalDepartmentId: null, routedDepartmentId: 20 }
  t.match(decideWith({ departmentId: 20 }, routed, {}, true), { outcome: 'pending', departmentId: 10 })
  t.match(decideWith({}, { originalDepartmentId: null, pendingDepartmentId: 20 }, {}, true), { outcome: 'pending' })
  t.match(decideWith({ departmentId: 10 }, { ...routed, routedDepartmentId: 10 }, {}, true), { outcome: 'unchanged' })
  t.match(decideWith({ departmentId: 20, assigneeId: 88 }, routed, {}, true), {
    outcome: 'skipped',
    reason: 'assigned',
  })
  t.end()
})

test('a department that is neither what it was nor what we set is the choice of a person', (t) => {
  const person = { outcome: 'skipped', reason: 'moved_by_person' }
  const routed = { originalDepartmentId: 30, routedDepartmentId: 20 }
  t.match(decideWith({ departmentId: 40 }, routed, {}, true), person)
  t.match(decideWith({ departmentId: null }, routed, {}, true), person, 'to be in none is a choice too')
  t.match(decideWith({ departmentId: 40 }, { originalDepartmentId: null }), person, 'before we moved anything')
  t.match(decideWith({ departmentId: 10 }, { originalDepartmentId: null }), { outcome: 'unchanged' }, 'one that agrees')
  t.match(decideWith({ departmentId: 30 }, routed, {}, true), { outcome: 'pending' }, 'back to where it was is none')
  t.match(decideWith({ departmentId: 20 }, routed, {}, true), { outcome: 'pending' })
  const begunUnseen = { originalDepartmentId: undefined, routedDepartmentId: 20 }
  t.match(decideWith({ departmentId: 40 }, begunUnseen, {}, true), person, 'also where nobody knows how it began')
  t.match(decideWith({ departmentId: 20 }, begunUnseen, {}, true), { outcome: 'pending' })
  const unconfirmed = { originalDepartmentId: null, pendingDepartmentId: 20, triedDepartmentIds: [20] }
  t.match(decideWith({ departmentId: 20 }, unconfirmed, {}, true), { outcome: 'pending' }, 'a call of ours was begun')
  t.match(decideWith({ departmentId: 40 }, unconfirmed, {}, true), person)
  t.end()
})

test('an event that a newer one has overtaken moves nothing, whatever its rule may do', (t) => {
  const skipped = { outcome: 'skipped', reason: 'already_routed' }
  const overtaken = (chat: ChatSnapshot) =>
    decide(winner({ reroute: true }), { ...NEW_CHAT, ...chat }, UNTOUCHED, LIVE, true)
  t.match(overtaken({}), skipped)
  t.match(overtaken({ departmentId: 10 }), skipped, 'although the chat is where it wants it')
  t.match(overtaken({ status: 'closed' }), { outcome: 'skipped', reason: 'closed' }, 'what is so now is said first')
  t.match(decide(null, NEW_CHAT, UNTOUCHED, LIVE, true), { outcome: 'no_match' })
  t.end()
})

test('what is not known of a chat does not stop a move', (t) => {
  t.match(decide(winner(), {}, UNTOUCHED, LIVE), { outcome: 'pending' })
  t.match(decide(winner(), {}, { ...UNTOUCHED, originalDepartmentId: 30 }, LIVE), { outcome: 'pending' })
  t.match(decideWith({ departmentId: 40 }, { originalDepartmentId: undefined }), { outcome: 'pending' })
  const routed = { originalDepartmentId: 30, routedDepartmentId: 20 }
  const unknown = decide(winner({ reroute: true }), { status: 'open' }, { ...UNTOUCHED, ...routed }, LIVE)
  t.match(unknown, { outcome: 'pending' }, 'nor one of a routed chat')
  t.end()
})

test('the checks go: closed, moved by a person, routed before, already there, assigned', (t) => {
  const record = { ...UNTOUCHED, originalDepartmentId: 30, routedDepartmentId: 20 }
  const check = (chat: ChatSnapshot, ours = record, departmentId = 10, reroute = false) =>
    checkMove(departmentId, reroute, chat, ours, LIVE)
  const everything = { status: 'closed', departmentId: 40, assigneeId: 88 }
  t.strictSame(check(everything), { kind: 'skip', reason: 'closed' })
  t.strictSame(check({ ...everything, status: 'new' }), { kind: 'skip', reason: 'moved_by_person' })
  t.strictSame(check({ departmentId: 20, assigneeId: 88 }, record, 20), { kind: 'skip', reason: 'already_routed' })
  t.strictSame(check({ departmentId: 20, assigneeId: 88 }, record, 20, true), { kind: 'unchanged' })
  t.strictSame(check({ departmentId: 20, assigneeId: 88 }, record, 10, true), { kind: 'skip', reason: 'assigned' })
  t.strictSame(check({ departmentId: 20, assigneeId: null }, record, 10, true), { kind: 'move' })
  t.end()
})

test('the state is known only when status, department and assignee are, be it that there is none', (t) => {
  t.equal(isStateKnown(NEW_CHAT), true)
  for (const name of ['status', 'departmentId', 'assigneeId']) {
    t.equal(isStateKnown({ ...NEW_CHAT, [name]: undefined }), false, name)
  }
  t.end()
})
