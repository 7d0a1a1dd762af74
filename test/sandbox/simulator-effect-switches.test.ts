import { test } from 'tap'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import type { EffectSwitches } from '../../src/sandbox/simulator/switches.ts'
import { callApi, probeSwitch, putDepartment, type SwitchProbe, type SwitchProbes } from './simulator-fixture.ts'

const openChat = (simulator: Simulator, text = 'Hi') => simulator.openChat({ customerId: 9011, text })
const events = (simulator: Simulator) => simulator.webhooks.sent.map((delivery) => delivery.event)

/** The chat after a PUT of its department, and the events that the PUT caused. */
async function putAndSee(simulator: Simulator) {
  const { id } = simulator.openChat({ customerId: 9011, text: 'Hi', assigneeId: 89 })
  simulator.snoozeChat(id, new Date('2026-03-03T00:00:00Z'))
  const before = events(simulator).length
  const { json } = await putDepartment(simulator, id)
  return { chat: json, caused: events(simulator).slice(before) }
}

/** A switch without an entry is a type error. */
const probes: SwitchProbes<EffectSwitches> = {
  unknownChat: {
    look: async (simulator) => (await putDepartment(simulator, 1)).status,
    seen: [
      [404, 404],
      [400, 400],
    ],
  },
  departmentNull: {
    look: async (simulator) => {
      const { id } = simulator.openChat({ customerId: 9011, departmentId: 4410 })
      const replies = [await putDepartment(simulator, id, null), await putDepartment(simulator, id, 0)]
      return [...replies.map((reply) => reply.status), simulator.chat(id).departmentId]
    },
    seen: [
      ['refused', [400, 400, 4410]],
      ['unassigns', [200, 200, null]],
    ],
  },
  sameDepartment: {
    look: async (simulator) => {
      const { id } = simulator.openChat({ customerId: 9011, departmentId: 4410 })
      return (await putDepartment(simulator, id)).status
    },
    seen: [
      ['accepted', 200],
      ['refused', 400],
    ],
  },
  closedChatPut: {
    look: async (simulator) => {
      const { id } = openChat(simulator)
      simulator.closeChat(id)
      return (await putDepartment(simulator, id)).status
    },
    seen: [
      ['accepted', 200],
      ['refused', 400],
    ],
  },
  assigneeOnDepartmentChange: {
    look: async (simulator) => {
      const { chat, caused } = await putAndSee(simulator)
      return [chat.assignee?.id, caused]
    },
    seen: [
      ['kept', [89, []]],
      ['cleared', [undefined, []]],
      ['round_robin', [88, ['chat.assigned']]],
    ],
  },
  statusOnDepartmentChange: {
    look: async (simulator) => {
      const { chat, caused } = await putAndSee(simulator)
      return [chat.status, caused]
    },
    seen: [
      ['kept', ['new', []]],
      ['opened', ['opened', ['chat.status_updated']]],
    ],
  },
  snoozeOnDepartmentChange: {
    look: async (simulator) => {
      const { chat, caused } = await putAndSee(simulator)
      return [chat.snoozedUntil, caused]
    },
    seen: [
      ['kept', ['1772496000.000', []]],
      ['ended', [null, ['chat.unsnoozed']]],
    ],
  },
  techMessageOnDepartmentChange: {
    look: async (simulator) => (await putAndSee(simulator)).chat.lastMessageText,
    seen: [
      ['none', 'Hi'],
      ['written', 'department_changed'],
    ],
  },
  echoesPerPut: {
    look: async (simulator) => (await putAndSee(simulator)).caused,
    seen: [
      [0, []],
      [3, ['chat.status_updated', 'chat.assigned', 'chat.status_updated']],
    ],
  },
  closingUpdatesStatus: {
    look: (simulator) => {
      simulator.closeChat(openChat(simulator).id)
      return events(simulator).slice(3)
    },
    seen: [
      ['no', ['chat.closed']],
      ['yes', ['chat.closed', 'chat.status_updated']],
    ],
  },
  messageToClosedChat: {
    look: (simulator) => {
      const { id } = openChat(simulator)
      simulator.closeChat(id)
      const chat = simulator.sendMessage(id, 'One more thing')
      return [chat.id === id, chat.status]
    },
    seen: [
      ['reopens', [true, 'opened']],
      ['opens_new_chat', [false, 'new']],
    ],
  },
  firstMessageDelayMs: {
    look: async (simulator) => {
      const { id } = openChat(simulator)
      const { lastMessageText } = (await callApi(simulator, 'GET', `/chats/${id}`)).json
      await simulator.waitFor('the first message', () => simulator.chat(id).messages.length === 1)
      return lastMessageText
    },
    seen: [
      [0, 'Hi'],
      [400, null],
    ],
  },
  helpBot: {
    look: async (simulator) => {
      const { data } = (await callApi(simulator, 'GET', `/chats/${openChat(simulator).id}/messages`)).json
      return [data[0].from, data[0].agent?.id]
    },
    seen: [
      ['off', ['customer', undefined]],
      ['greets', ['agent', 2]],
    ],
  },
  customerDelayMs: {
    look: async (simulator, _receiver, clock) => {
      openChat(simulator)
      const early = await callApi(simulator, 'GET', '/customers/9011')
      clock.now = new Date(clock.now.getTime() + 500)
      const later = await callApi(simulator, 'GET', '/customers/9011')
      return [early.status, later.status]
    },
    seen: [
      [0, [200, 200]],
      [500, [404, 200]],
    ],
  },
  assignmentRule: {
    look: async (simulator) => {
      const { id } = openChat(simulator)
      const isRuleOn = simulator.switches.assignmentRule !== null
      if (isRuleOn) await simulator.waitFor('the rule', () => simulator.chat(id).departmentId !== null)
      return simulator.chat(id).departmentId
    },
    seen: [
      [null, null],
      [{ afterMs: 10, departmentId: 4411 }, 4411],
    ],
  },
}

for (const [name, probe] of Object.entries(probes) as [keyof EffectSwitches, SwitchProbe<unknown>][]) {
  test(`the switch ${name} can be seen from outside`, (t) => probeSwitch(t, name, probe))
}
