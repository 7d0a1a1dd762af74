import { Type } from 'typebox'
import { json, type Operation, pageOf, problem, Time } from './operation.ts'
import { FACT_EXAMPLE, STATS_EXAMPLE } from './service.ts'
import { badInput } from './shared-answers.ts'

const Alive = Type.Object({ status: Type.Enum(['ok']) }, { additionalProperties: false })
const READY = { status: 'ready', checks: { database: 'ok', queue: 'ok', draining: false } }

export const LIST_DEPARTMENTS: Operation = {
  operationId: 'listDepartments',
  tag: 'Departments and facts',
  summary: 'List the departments of HelpCrunch',
  description:
    'Kept for an hour; `refresh=true` asks HelpCrunch unless the list is younger than 10 s. While HelpCrunch is away, the last list is told. `fetchedAt` says when it was listed.',
  answers: {
    200: json('A page of departments.', pageOf(Type.Ref('Department'), { fetchedAt: Time }), {
      data: [{ id: 233048, name: 'DACH' }],
      nextCursor: null,
      fetchedAt: '2026-03-02T09:00:00.000Z',
    }),
    503: problem(
      503,
      'helpcrunch_unavailable',
      'HelpCrunch could not be asked for its departments, and they have never been listed before. Try again soon.',
      {
        or: ['database_away'],
        headers: { 'Retry-After': 'Seconds until another try is worth it, with `database_away`.' },
      },
    ),
  },
}

export const LIST_FACTS: Operation = {
  operationId: 'listFacts',
  tag: 'Departments and facts',
  summary: 'List what rules may talk about',
  description:
    'Each fact with its type, its meaning, the operators that can apply and the values seen lately; custom attributes come last, by name.',
  answers: {
    200: json('A page of facts.', pageOf(Type.Ref('Fact')), { data: [FACT_EXAMPLE], nextCursor: null }),
  },
}

export const READ_STATS: Operation = {
  operationId: 'readStats',
  tag: 'Service',
  summary: 'Count what was decided',
  description:
    'Per outcome, department, rule and hour, with what shadows would have done; and how the queue and the budget of calls are now.',
  answers: {
    200: json('The counts.', Type.Ref('Stats'), STATS_EXAMPLE),
    400: badInput('querystring', '/from', 'must be before `to`'),
  },
}

export const CHECK_LIFE: Operation = {
  operationId: 'checkLife',
  tag: 'Service',
  summary: 'See whether the process answers',
  description: 'Without any I/O.',
  answers: { 200: json('It does.', Alive, { status: 'ok' }) },
}

export const CHECK_READINESS: Operation = {
  operationId: 'checkReadiness',
  tag: 'Service',
  summary: 'See whether the service can do its work',
  description: "The database and the queue count; HelpCrunch's own health does not.",
  answers: {
    200: json('It can.', Type.Ref('Readiness'), READY),
    503: json('It cannot, or it is about to end.', Type.Ref('Readiness'), {
      status: 'not_ready',
      checks: { ...READY.checks, database: 'failing' },
    }),
  },
}
