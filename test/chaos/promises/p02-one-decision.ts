import { atLeast, atMost, exactly, type Scenario } from '../scenario.ts'
import { sendWhileKilling } from '../send-while-killing.ts'

const DRAIN_S_MAX = 60

/** P1's events, drained: smaller, as the faults are the same. */
export const oneDecision: Scenario = {
  id: 'P2',
  promise: 'each acknowledged event ends in exactly one final decision, whatever was killed meanwhile',
  async run(stage) {
    const acksMin = stage.size(1_000, 60)
    const { books, drainS } = await sendWhileKilling(stage, { acksMin, kills: stage.size(8, 2) })
    return [
      atLeast('acked', books.acked, acksMin),
      exactly('undecided', books.undecided, 0),
      exactly('multiple', books.multiple, 0),
      atMost('drain_s', drainS, DRAIN_S_MAX),
    ]
  },
}
