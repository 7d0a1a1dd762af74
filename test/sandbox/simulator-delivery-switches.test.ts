import { test } from 'tap'
import { signBody } from '../../src/sandbox/simulator/sign-body.ts'
import type { Simulator } from '../../src/sandbox/simulator/simulator.ts'
import type { DeliverySwitches } from '../../src/sandbox/simulator/switches.ts'
import { probeSwitch, type Receiver, SIGNING_KEYS, type SwitchProbe, type SwitchProbes } from './simulator-fixture.ts'

/** What arrives when a receiver first answers with these statuses. */
async function tryAgain(simulator: Simulator, receiver: Receiver, status: number) {
  receiver.answerNext(status)
  simulator.webhooks.sendTo(receiver.url, ['chat.new'])
  simulator.openChat({ customerId: 9011, text: 'Hi' })
  await simulator.webhooks.settled()
  return receiver.received
}

/** A switch without an entry is a type error. */
const probes: SwitchProbes<DeliverySwitches> = {
  idOnRetry: {
    look: async (simulator, receiver) =>
      new Set((await tryAgain(simulator, receiver, 500)).map((webhook) => webhook.json.id)).size,
    seen: [
      ['same', 1],
      ['new', 2],
    ],
  },
  retrySignedWith: {
    look: async (simulator, receiver) => {
      receiver.answerNext(500)
      simulator.webhooks.sendTo(receiver.url, ['chat.new'])
      simulator.switches.backoffMs = [20]
      simulator.openChat({ customerId: 9011 })
      await simulator.waitFor('the first try', () => simulator.webhooks.sent[0]?.tries.length === 1)
      simulator.webhooks.rotateKey()
      await simulator.webhooks.allDelivered()
      const [, retry] = receiver.received
      return SIGNING_KEYS.find((key) => signBody(key, retry?.body ?? '') === retry?.signature)
    },
    seen: [
      ['current_key', 'next-signing-key'],
      ['first_key', 'test-signing-key'],
    ],
  },
  webhookSuccess: {
    look: async (simulator, receiver) => (await tryAgain(simulator, receiver, 204)).length,
    seen: [
      ['2xx', 1],
      ['200_only', 3],
    ],
  },
  webhookOn401: {
    look: async (simulator, receiver) => (await tryAgain(simulator, receiver, 401)).length,
    seen: [
      ['retries', 2],
      ['gives_up', 1],
    ],
  },
  disabledAfter: {
    look: async (simulator, receiver) => {
      receiver.answerNext(500, 500, 500)
      simulator.webhooks.sendTo(receiver.url, ['chat.new'])
      simulator.openChat({ customerId: 9011 })
      await simulator.webhooks.settled()
      simulator.openChat({ customerId: 9011 })
      await simulator.webhooks.settled()
      return simulator.webhooks.sent.map((delivery) => delivery.state)
    },
    seen: [
      [null, ['gave_up', 'delivered']],
      [1, ['gave_up', 'dropped']],
    ],
  },
  duplicates: {
    look: async (simulator, receiver) => {
      const ids = (await tryAgain(simulator, receiver, 202)).map((webhook) => webhook.json.id)
      return [ids.length, new Set(ids).size]
    },
    seen: [
      [0, [1, 1]],
      [2, [3, 1]],
    ],
  },
  webhookOrder: {
    look: async (simulator, receiver) => {
      simulator.switches.webhookConcurrency = 1
      simulator.openChat({ customerId: 9011, text: 'Hi' })
      simulator.openChat({ customerId: 9011, text: 'Hi' })
      await simulator.webhooks.allDelivered()
      const kept = simulator.webhooks.sent.map((delivery) => delivery.event).join()
      const received = receiver.events()
      return received.join() === kept ? 'in order' : received.toReversed().join() === kept ? 'backwards' : 'otherwise'
    },
    seen: [
      ['kept', 'in order'],
      ['reversed', 'backwards'],
      ['shuffled', 'otherwise'],
    ],
  },
  webhookDelay: {
    look: async (simulator, receiver) => {
      simulator.openChat({ customerId: 9011, text: 'Hi' })
      await simulator.webhooks.allDelivered()
      return receiver.events()[0] === 'customer.new'
    },
    seen: [
      [{ minMs: 0, maxMs: 0 }, true],
      [{ minMs: 0, maxMs: 60 }, false],
    ],
  },
  webhookConcurrency: {
    look: async (simulator, receiver) => {
      receiver.answerNext(null, null, null)
      simulator.switches.webhookTimeoutMs = 200
      simulator.openChat({ customerId: 9011, text: 'Hi' })
      const { sent } = simulator.webhooks
      await simulator.waitFor('the end of a try', () => sent.some((delivery) => delivery.tries.length > 0))
      return receiver.received.length
    },
    seen: [
      [10, 3],
      [1, 1],
    ],
  },
  backoffMs: {
    isDefaultSlow: true,
    look: async (simulator, receiver) => {
      receiver.answerNext(500, 500, 500, 500)
      return (await tryAgain(simulator, receiver, 500)).length
    },
    seen: [
      [[1, 1, 1], 4],
      [[], 1],
    ],
  },
  webhookTimeoutMs: {
    isDefaultSlow: true,
    look: async (simulator, receiver) => {
      receiver.answerNext(null)
      return (await simulator.deliver()).error
    },
    seen: [[20, 'TimeoutError: The operation was aborted due to timeout']],
  },
}

for (const [name, probe] of Object.entries(probes) as [keyof DeliverySwitches, SwitchProbe<unknown>][]) {
  test(`the switch ${name} can be seen from outside`, (t) => probeSwitch(t, name, probe))
}
