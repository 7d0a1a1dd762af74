import { rule } from '../../support/rules.ts'
import { drain } from '../books.ts'
import { type Peers, startPeers } from '../cluster.ts'
import { departmentOf } from '../crash-at.ts'
import { atMost, exactly, type Scenario, type Stage, told } from '../scenario.ts'

const MOVES_MAX = 3
const ECHOES = [0, 1, 2, 3]
/** Everything that a PUT may cause, listened to by a rule that may move a chat again and again. */
const ON_ANYTHING = rule({
  key: 'anything',
  events: ['chat.new', 'chat.assigned', 'chat.status_updated', 'message.chat.customer'],
  reroute: true,
  conditions: { fact: 'event', operator: 'exists' },
})
/** A rule for where a chat is: two of them undo each other at each message. */
const onMessage = (key: string, from: number, department: number) =>
  rule({
    key,
    department,
    events: ['message.chat.customer'],
    reroute: true,
    conditions: { fact: 'department', operator: 'equal', value: from },
  })

/** HelpCrunch answers each PUT with webhooks, and assigns in turn; then rules, and routers, that undo each other. */
export const noLoops: Scenario = {
  id: 'P7',
  promise: 'webhooks that our own PUT causes change nothing, and a fight over a chat stops',
  async run(stage) {
    const puts: number[] = []
    for (const echoesPerPut of ECHOES.slice(stage.size(0, 3))) puts.push(...(await echo(stage, echoesPerPut)))
    const { moves, setAside, chats } = await fightOfRules(stage)
    // It takes two services more, which is too much for the quick form.
    const rivals = stage.isQuick ? [] : await fightOfRouters(stage)
    return [
      told('triggers', puts.length),
      atMost('puts_per_trigger', Math.max(...puts), 1),
      atMost('fight_of_rules', Math.max(...moves), MOVES_MAX),
      exactly('set_aside', setAside, chats),
      ...(rivals.length > 0 ? [atMost('fight_of_routers', Math.max(...rivals), MOVES_MAX)] : []),
    ]
  },
}

/** PUTs for each new chat, when each PUT causes so many webhooks and a change of assignee and status besides. */
async function echo(stage: Stage, echoesPerPut: number): Promise<number[]> {
  const switches = {
    echoesPerPut,
    assigneeOnDepartmentChange: 'round_robin',
    statusOnDepartmentChange: 'opened',
  } as const
  const settings = { LEAVE_ASSIGNED: 'false' }
  const cluster = await startPeers(stage, {
    replicas: stage.size(2, 1),
    rules: [ON_ANYTHING],
    settings,
    simulator: { switches },
  })
  listen(cluster)
  const { simulator } = cluster
  const chats = Array.from({ length: stage.size(50, 10) }, () =>
    simulator.openChat({ customerId: 9011, text: 'Hello' }),
  )
  await settle(stage, cluster)
  return chats.map(({ id }) => simulator.calls.departmentPuts(id).length)
}

async function fightOfRules(stage: Stage): Promise<{ moves: number[]; setAside: number; chats: number }> {
  const cluster = await startPeers(stage, {
    replicas: stage.size(2, 1),
    rules: [onMessage('forth', 10, 20), onMessage('back', 20, 10)],
  })
  listen(cluster)
  const { simulator, sql } = cluster
  const chats = Array.from({ length: stage.size(20, 3) }, () =>
    simulator.openChat({ customerId: 9011, departmentId: 10 }),
  )
  for (let round = 0; round < MOVES_MAX + 2; round++) {
    for (const { id } of chats) simulator.sendMessage(id, 'Hello?')
    await settle(stage, cluster)
  }
  const stopped = await sql(
    "SELECT DISTINCT chat_id FROM decisions WHERE outcome = 'failed' AND reason = 'moved_too_often'",
  )
  const moves = chats.map(({ id }) => simulator.calls.departmentPuts(id).length)
  return { moves, setAside: stopped.length, chats: chats.length }
}

/** PUTs of each for each chat: a second router, with a database of its own, wants all chats elsewhere. */
async function fightOfRouters(stage: Stage): Promise<number[]> {
  const switches = { echoesPerPut: 3 }
  const settings = { LEAVE_ASSIGNED: 'false' }
  const ours = await startPeers(stage, { replicas: 1, rules: [ON_ANYTHING], settings, simulator: { switches } })
  const rule20 = { ...ON_ANYTHING, department: 20 }
  const theirs = await startPeers(stage, {
    replicas: 1,
    rules: [rule20],
    settings: { ...settings, HELPCRUNCH_API_URL: ours.simulator.apiUrl },
  })
  const { simulator } = ours
  // Of each webhook both get a copy: a delivery goes to one address, so each event is sent twice.
  simulator.switches.duplicates = 1
  listen({ ...ours, replicas: [...ours.replicas, ...theirs.replicas] })
  const chats = Array.from({ length: stage.size(20, 3) }, () => simulator.openChat({ customerId: 9011 }))
  await settle(stage, ours, theirs)
  return chats.flatMap(({ id }) =>
    [10, 20].map((wanted) => simulator.calls.departmentPuts(id).filter((put) => departmentOf(put) === wanted).length),
  )
}

function listen({ simulator, replicas }: Peers): void {
  simulator.webhooks.sendTo(replicas.map(({ url }) => `${url}/webhooks/helpcrunch`))
}

/** Until nothing is open, and what that has caused is not open either. */
async function settle(stage: Stage, cluster: Peers, rival?: Peers): Promise<void> {
  const { webhooks } = cluster.simulator
  for (let sent = -1; sent !== webhooks.sent.length; ) {
    sent = webhooks.sent.length
    await webhooks.settled()
    await drain(stage, cluster.sql)
    if (rival) await drain(stage, rival.sql)
  }
}
