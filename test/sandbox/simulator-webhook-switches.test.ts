import { test } from 'tap'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import type { WebhookSwitches } from '../../src/sandbox/simulator/switches.ts'
import { probeSwitch, type Receiver, type SwitchProbe, type SwitchProbes } from './simulator-fixture.ts'

/** The `eventData` of the `chat.new` that a new chat sends. */
async function chatNewData(simulator: Simulator, { received }: Receiver) {
  simulator.openChat({ customerId: 9011, text: 'Hi' })
  await simulator.webhooks.allDelivered()
  return received.find((webhook) => webhook.json.event === 'chat.new')?.json.eventData
}

/** A switch without an entry is a type error. */
const probes: SwitchProbes<WebhookSwitches> = {
  chatIdKey: {
    look: async (simulator, receiver) => 'id' in (await chatNewData(simulator, receiver)),
    seen: [
      ['chat_id', false],
      ['chat_id_and_id', true],
    ],
  },
  webhookIds: {
    look: async (simulator, receiver) => {
      const data = await chatNewData(simulator, receiver)
      return [typeof data.chat_id, data.customer.id, data.applicationId]
    },
    seen: [
      ['numbers', ['number', 9011, 1]],
      ['text', ['string', '9011', '1']],
    ],
  },
  eventDataAs: {
    look: async (simulator, receiver) => typeof (await chatNewData(simulator, receiver)),
    seen: [
      ['object', 'object'],
      ['text', 'string'],
    ],
  },
  webhookCustomer: {
    look: async (simulator, receiver) => {
      await chatNewData(simulator, receiver)
      const ofChat = receiver.received.filter((webhook) => webhook.json.event !== 'customer.new')
      return ofChat.map(({ json }) => [json.event, json.eventData.customer?.id])
    },
    seen: [
      [
        'named',
        [
          ['chat.new', 9011],
          ['message.chat.customer', 9011],
        ],
      ],
      [
        'absent',
        [
          ['chat.new', undefined],
          ['message.chat.customer', undefined],
        ],
      ],
    ],
  },
  chatApplications: {
    look: async (simulator, receiver) => (await chatNewData(simulator, receiver)).applications,
    seen: [
      ['absent', undefined],
      ['list', [{ id: 1 }]],
    ],
  },
  emptyRelations: {
    look: async (simulator, receiver) => {
      const { department, assignee } = await chatNewData(simulator, receiver)
      return [department, assignee]
    },
    seen: [
      ['null', [null, null]],
      ['absent', [undefined, undefined]],
    ],
  },
  extraWebhookFields: {
    look: async (simulator, receiver) => 'addedLater' in (await chatNewData(simulator, receiver)),
    seen: [
      ['absent', false],
      ['present', true],
    ],
  },
  attemptsBase: {
    look: async (simulator, receiver) => {
      receiver.answerNext(500)
      simulator.webhooks.sendTo(receiver.url, ['chat.new'])
      await chatNewData(simulator, receiver)
      return receiver.received.map((webhook) => webhook.json.attempts)
    },
    seen: [
      [0, [0, 1]],
      [1, [1, 2]],
    ],
  },
}

for (const [name, probe] of Object.entries(probes) as [keyof WebhookSwitches, SwitchProbe<unknown>][]) {
  test(`the switch ${name} can be seen from outside`, (t) => probeSwitch(t, name, probe))
}
