import { test } from 'tap'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import type { ApiSwitches } from '../../src/sandbox/simulator/switches.ts'
import { callApi, probeSwitch, putDepartment, type SwitchProbe, type SwitchProbes } from './simulator-fixture.ts'

const get = async (simulator: Simulator, path: string) => (await callApi(simulator, 'GET', path)).json
const codes = (reply: { json: { errors: { code: string }[] } }) => reply.json.errors.map((error) => error.code)
const search = (simulator: Simulator, filter: object[]) => callApi(simulator, 'POST', '/chats/search', { filter })
const openChat = (simulator: Simulator) => simulator.openChat({ customerId: 9011, text: 'Hi' })

/** A switch without an entry is a type error. */
const probes: SwitchProbes<ApiSwitches> = {
  errorDialect: {
    look: async (simulator) => codes(await callApi(simulator, 'GET', '/chats/1')),
    seen: [
      ['new', ['invalid_request', 'not_found']],
      ['old', ['chat_not_found']],
    ],
  },
  notFoundText: {
    look: async (simulator) => (await get(simulator, '/customers/1')).errors[1].message,
    seen: [
      ['by_resource', 'Customer not found'],
      ['chat_everywhere', 'Chat not found'],
    ],
  },
  errorBodies: {
    look: async (simulator) => {
      simulator.script({}, [{ kind: 'status', status: 503 }])
      return (await callApi(simulator, 'GET', '/agents')).text.slice(0, 6)
    },
    seen: [
      ['html', '<html>'],
      ['json', '{"mess'],
      ['empty', ''],
    ],
  },
  timestamps: {
    look: async (simulator) => typeof (await get(simulator, `/chats/${openChat(simulator).id}`)).createdAt,
    seen: [
      ['strings', 'string'],
      ['integers', 'number'],
    ],
  },
  numericIds: {
    look: async (simulator) => (await putDepartment(simulator, openChat(simulator).id, '4410')).status,
    seen: [
      ['strict', 400],
      ['lenient', 200],
    ],
  },
  extraRequestFields: {
    look: async (simulator) => {
      const body = { id: openChat(simulator).id, department: 4410, assignee: 88 }
      return (await callApi(simulator, 'PUT', '/chats/department', body)).status
    },
    seen: [
      ['ignored', 200],
      ['refused', 400],
    ],
  },
  extraReplyFields: {
    look: async (simulator) => 'addedLater' in (await get(simulator, '/customers/9011')),
    seen: [
      ['absent', false],
      ['present', true],
    ],
  },
  customData: {
    look: async (simulator) => {
      simulator.addCustomer({ id: 9012 })
      return [
        (await get(simulator, '/customers/9011')).customData,
        (await get(simulator, '/customers/9012')).customData,
      ]
    },
    seen: [
      ['map', [{ plan: 'Pro' }, {}]],
      ['map_or_empty_list', [{ plan: 'Pro' }, []]],
      ['pairs', [[{ property: 'plan', value: 'Pro' }], []]],
    ],
  },
  locales: {
    look: async (simulator) => (await get(simulator, '/customers/9011')).locale,
    seen: [
      ['as_stored', 'de-AT'],
      ['language_only', 'de'],
    ],
  },
  createdWith: {
    look: async (simulator) => (await get(simulator, `/chats/${openChat(simulator).id}`)).createdWith,
    seen: [
      ['widget', 'widget'],
      [null, null],
    ],
  },
  holdStatus: {
    look: async (simulator) => {
      const body = { id: openChat(simulator).id, status: 'on-hold' }
      return (await callApi(simulator, 'PUT', '/chats/status', body)).json.status
    },
    seen: [
      ['on hold', 'on hold'],
      ['on-hold', 'on-hold'],
      ['onhold', 'onhold'],
    ],
  },
  listTotal: {
    look: async (simulator) => {
      const { data: _data, ...rest } = await get(simulator, '/departments')
      return rest
    },
    seen: [
      ['meta', { meta: { total: 2 } }],
      ['top_level', { total: 2 }],
      ['absent', {}],
    ],
  },
  messagesKey: {
    look: async (simulator) => Object.keys(await get(simulator, `/chats/${openChat(simulator).id}/messages`)),
    seen: [
      ['data', ['data', 'total']],
      ['messages', ['messages', 'total']],
    ],
  },
  limitAbove100: {
    look: async (simulator) => (await callApi(simulator, 'GET', '/chats?limit=101')).status,
    seen: [
      ['clamped', 200],
      ['refused', 400],
    ],
  },
  chatSearch: {
    look: async (simulator) => {
      openChat(simulator)
      const { status, json } = await search(simulator, [{ field: 'chats.customer', operator: '=', value: 1 }])
      return json.data?.length ?? status
    },
    seen: [
      ['as_documented', 0],
      ['ignores_filter', 1],
      ['refused', 400],
    ],
  },
  searchLagMs: {
    look: async (simulator, _receiver, clock) => {
      await putDepartment(simulator, openChat(simulator).id)
      clock.now = new Date(clock.now.getTime() + 1_000)
      return (await search(simulator, [])).json.data[0].department?.id ?? null
    },
    seen: [
      [0, 4410],
      [2_000, null],
    ],
  },
  rateLimitPerMinute: {
    look: async (simulator) => {
      simulator.spendCalls(2)
      return (await callApi(simulator, 'GET', '/agents')).status
    },
    seen: [
      [120, 200],
      [2, 429],
    ],
  },
  rateWindow: {
    look: async (simulator, _receiver, clock) => {
      simulator.spendCalls(120)
      clock.now = new Date('2026-03-02T10:01:00Z')
      return (await callApi(simulator, 'GET', '/agents')).status
    },
    seen: [
      ['sliding', 429],
      ['fixed', 200],
    ],
  },
  rateScope: {
    look: async (simulator) => {
      simulator.spendCalls(120, 'key of another script')
      return (await callApi(simulator, 'GET', '/agents')).status
    },
    seen: [
      ['account', 429],
      ['key', 200],
    ],
  },
  retryAfter: {
    look: async (simulator) => {
      simulator.spendCalls(120)
      return (await callApi(simulator, 'GET', '/agents')).headers.get('retry-after')
    },
    seen: [
      ['absent', null],
      ['seconds', '60'],
      ['date', 'Mon, 02 Mar 2026 10:01:50 GMT'],
    ],
  },
}

for (const [name, probe] of Object.entries(probes) as [keyof ApiSwitches, SwitchProbe<unknown>][]) {
  test(`the switch ${name} can be seen from outside`, (t) => probeSwitch(t, name, probe))
}
