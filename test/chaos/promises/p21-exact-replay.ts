import { editRules, replayDecisions } from '../../support/rule-edits.ts'
import { exactly, type Scenario, told } from '../scenario.ts'
import { decided, startEditedCluster } from './p20-atomic-rules.ts'

/** So many chats are opened between two looks at how far the replicas have come. */
const CHATS_AT_ONCE = 100
const LANGUAGES = ['de', 'uk', 'en', null]
const PLANS = ['Pro', 'pro ', 'Free', 3, null]

/** P21: decisions about different customers under constantly changing rules, each made again by its own rule set, in any order. */
export const exactReplay: Scenario = {
  id: 'P21',
  promise: 'a recorded decision that is made again by the rules of its time is the same',
  async run(stage) {
    const decisions = stage.size(10_000, 100)
    const edits = stage.size(50, 4)
    const cluster = await startEditedCluster(stage, stage.size(3, 1))
    const { simulator, replicas, sql, databaseUrl } = cluster
    const [first] = replicas
    if (first === undefined) throw new Error('There is no replica.')
    simulator.webhooks.sendTo(
      replicas.map(({ url }) => `${url}/webhooks/helpcrunch`),
      ['chat.new'],
    )
    const pick = <T>(values: readonly T[]) => values[Math.floor(stage.random() * values.length)] ?? null
    const rounds = Math.ceil(decisions / CHATS_AT_ONCE)
    for (let round = 0; round < rounds; round++) {
      for (let chat = 0; chat < CHATS_AT_ONCE; chat++) {
        const plan = pick(PLANS)
        const tags = stage.random() < 0.5 ? ['VIP'] : []
        const customData = plan === null ? {} : { plan }
        simulator.openChat({ customerId: simulator.addCustomer({ locale: pick(LANGUAGES), tags, customData }).id })
      }
      if (round % Math.ceil(rounds / (edits / 2)) === 0) await editRules(first, `n${round}-`, 2)
      await decided(cluster)
    }
    const [used] = await sql<{ sets: number; rules: number }>(
      'SELECT count(DISTINCT ruleset_version)::int AS sets, count(DISTINCT rule_key)::int AS rules FROM decisions',
    )
    const { replayed, mismatches } = await replayDecisions(databaseUrl)
    return [
      told('rule_sets', used?.sets ?? 0),
      told('rules_that_won', used?.rules ?? 0),
      exactly('replayed', replayed, rounds * CHATS_AT_ONCE),
      exactly('mismatch', `${mismatches.length}/${replayed}`, `0/${replayed}`),
    ]
  },
}
