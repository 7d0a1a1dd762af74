import { setTimeout as sleep } from 'node:timers/promises'
import type { Replica } from '../support/processes.ts'
import type { Stage } from './scenario.ts'

/** A load balancer: it asks each replica whether it is ready, and gives new work to those that were when last asked. */
export interface Balancer {
  /** The next in turn of those that are ready. */
  url(): string
  isReady(replica: Replica): boolean
}

const ASK_EVERY_MS = 250
const ANSWER_MS_MAX = 5_000

/** `replicas` is read anew at each turn: who leaves the list is asked no more. */
export function startBalancer(stage: Stage, replicas: readonly Replica[]): Balancer {
  const ready = new Set<Replica>(replicas)
  let isOn = true
  let turn = 0
  const watch = async () => {
    while (isOn) {
      await Promise.all(replicas.map(ask))
      for (const replica of ready) if (!replicas.includes(replica)) ready.delete(replica)
      await sleep(ASK_EVERY_MS)
    }
  }
  const ask = async (replica: Replica) => {
    const reply = await fetch(`${replica.url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).catch(
      () => undefined,
    )
    if (reply?.status === 200) ready.add(replica)
    else ready.delete(replica)
    await reply?.body?.cancel()
  }
  const watching = watch()
  stage.teardown(() => {
    isOn = false
    return watching
  })
  return {
    isReady: (replica) => ready.has(replica),
    url() {
      turn += 1
      // With nobody ready, a balancer would rather try than fail at once.
      const inTurn = ready.size > 0 ? [...ready] : replicas
      return inTurn[turn % inTurn.length]?.url ?? ''
    },
  }
}
