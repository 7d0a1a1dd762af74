import { test } from 'tap'
import type { NewDecision } from '../../src/services/new-decision.ts'
import { readyMove } from '../../src/services/ready-move.ts'

const ready: NewDecision = {
  ...{ outcome: 'pending', reason: undefined, mode: 'live', winner: null, departmentFrom: 20, departmentTo: 10 },
  ...{ facts: {}, openLookups: new Set(), rulesetVersion: 1, stateAgeMs: 1_000 },
}

test('a decision whose chat was seen within a second may be followed by its move at once', async (t) => {
  const move = { method: 'PUT', path: '/chats/department', body: { id: 5, department: 10 } }
  t.strictSame(readyMove(5, ready, [20, 10]), { ...move, freshForMs: 0 })
  t.strictSame(readyMove(5, { ...ready, stateAgeMs: 300 }, [20, 10]), { ...move, freshForMs: 700 })
})

test('a move is not ready when', async (t) => {
  t.equal(readyMove(5, { ...ready, stateAgeMs: 1_001 }, []), undefined, 'the chat was seen longer ago')
  t.equal(readyMove(5, { ...ready, stateAgeMs: undefined }, []), undefined, 'nobody can tell when it was seen')
  t.equal(readyMove(5, ready, [20, 10, 20]), undefined, 'the chat was moved too often')
  t.equal(readyMove(5, { ...ready, outcome: 'shadow' }, []), undefined, 'nothing is to be moved')
})
