import { compareBooks, drain } from '../books.ts'
import { openChat, startPeers } from '../cluster.ts'
import { departmentOf } from '../crash-at.ts'
import { deliver } from '../deliver.ts'
import { exactly, type Scenario, told } from '../scenario.ts'
import { createSender } from '../sender.ts'

const COPIES_MAX = 5
/** They take neighbours, so that copies of an event arrive at the same moment. */
const SENDERS = 8

/** HelpCrunch repeats a webhook that it has no answer to, with another `attempts`, and so another signature. */
export const effectivelyOnce: Scenario = {
  id: 'P4',
  promise: 'an event that arrives several times, at any replica, is decided once and moves its chat to one place',
  async run(stage) {
    const { random } = stage
    const { simulator, sql, url } = await startPeers(stage, { replicas: stage.size(3, 2) })
    const chats = Array.from({ length: stage.size(1_000, 60) }, () => openChat(simulator))
    const copies = chats.flatMap(({ envelope }, place) =>
      Array.from({ length: 1 + Math.floor(random() * COPIES_MAX) }, (_, attempts) => ({
        envelope: { ...envelope, attempts, lastAttemptAt: envelope.createdAt + attempts },
        place: place + random() * 0.01,
      })),
    )
    copies.sort((one, other) => one.place - other.place)
    const sender = createSender(stage)
    const waiting = copies.values()
    await Promise.all(
      Array.from({ length: SENDERS }, async () => {
        for (const copy of waiting) await deliver(sender, url, copy.envelope)
      }),
    )
    await drain(stage, sql)
    const ids = chats.map(({ envelope }) => envelope.id)
    const books = await compareBooks(sql, ids)
    const [row] = await sql<{ decisions: number }>('SELECT count(*)::int AS decisions FROM decisions')
    const puts = simulator.calls.departmentPuts()
    const differing = puts.filter((put) => departmentOf(put) !== 10).length
    return [
      told('copies', copies.length),
      exactly('decisions', row?.decisions ?? 0, chats.length),
      exactly('undecided', books.undecided, 0),
      exactly('different_puts', differing, 0),
      told('puts', puts.length),
    ]
  },
}
