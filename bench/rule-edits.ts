import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSimulator } from '../src/sandbox/simulator/simulator.ts'
import { apiOf } from '../test/support/api.ts'
import { query, startTestServer } from '../test/support/postgres.ts'
import {
  EDITED_RULES,
  editRules,
  findTornSets,
  measureLags,
  notesOf,
  replayDecisions,
} from '../test/support/rule-edits.ts'
import { API_KEY, SIGNING_KEY, settingsFor } from '../test/support/service.ts'
import { builtArgs } from '../test/support/start-command.ts'

// P20 and P21 in full: two people edit the rules of three replicas while chats arrive; then every decision is made again.
const EDITS_EACH = 250
const DECISIONS = 10_000
const CHATS_PER_SECOND = 250

const server = await startTestServer()
const simulator = await startSimulator({ apiKey: API_KEY, signingKeys: [SIGNING_KEY] })
for (const id of [10, 20, 30]) simulator.addDepartment({ id, name: `Department ${id}`, agentIds: [] })
simulator.addCustomer({ id: 9011, name: 'Olena', locale: 'de-AT', tags: ['vip'], customData: { plan: 'Pro' } })
const rulesDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-bench-'))
await Promise.all(EDITED_RULES.map((rule) => writeFile(join(rulesDir, `${rule.key}.json`), JSON.stringify(rule))))
const database = new URL(server.url)
database.pathname = `/${server.template}`
const databaseUrl = database.href
const replicas = await Promise.all([1, 2, 3].map(startReplica))
try {
  const [first, second, third] = replicas.map(({ url }) => ({ url }))
  if (!first || !second || !third) throw new Error('There are not three replicas.')
  simulator.webhooks.sendTo(`${third.url}/webhooks/helpcrunch`)
  const loading = openChats()
  const startedAt = performance.now()
  const repeats = await Promise.all([editRules(first, 'a', EDITS_EACH), editRules(second, 'b', EDITS_EACH)])
  const editedMs = performance.now() - startedAt
  await loading
  while ((await count("SELECT count(*)::int AS count FROM webhook_events WHERE status = 'waiting'")) > 0)
    await sleep(200)

  const { body } = await apiOf(third).send('GET', '/v1/rules/notes')
  const expected = [...notesOf('a', EDITS_EACH), ...notesOf('b', EDITS_EACH)]
  const notes = body.description.trim().split(' ')
  const lost = expected.filter((note) => notes.filter((other: string) => other === note).length !== 1)
  const torn = await findTornSets(databaseUrl)
  const lags = await measureLags(databaseUrl)
  const { replayed, mismatches } = await replayDecisions(databaseUrl)
  const sets = await count('SELECT count(DISTINCT ruleset_version)::int AS count FROM decisions')
  console.log(
    `edits=${EDITS_EACH * 2} repeated=${repeats.join('+')} edits_s=${((EDITS_EACH * 2_000) / editedMs).toFixed(0)}`,
  )
  console.log(`torn=${torn.length} lost_updates=${lost.length}`)
  console.log(
    `behind=${lags.length} converge_p99_ms=${percentile(lags).toFixed(0)} converge_max_ms=${(lags.at(-1) ?? 0).toFixed(0)}`,
  )
  console.log(`replayed=${replayed} rule_sets=${sets} mismatch=${mismatches.length}`)
} finally {
  await Promise.all(replicas.map(({ stop }) => stop()))
  await simulator.stop()
  await server.stop()
  await rm(rulesDir, { recursive: true })
}

async function openChats(): Promise<void> {
  for (let opened = 0; opened < DECISIONS; opened++) {
    simulator.openChat({ customerId: 9011 })
    await sleep(1_000 / CHATS_PER_SECOND)
  }
}

async function startReplica(): Promise<{ url: string; stop(): Promise<void> }> {
  const env = { ...settingsFor(simulator, databaseUrl, rulesDir), ROUTER_MODE: 'shadow', PATH: process.env.PATH }
  const child = spawn(process.execPath, builtArgs(), { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The replica ended with code ${code}.`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /Server listening at (http:[^"]+)/.exec(line)?.[1]
      if (address) resolve(address)
    })
  })
  const stop = async () => {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }
  return { url, stop }
}

async function count(sql: string): Promise<number> {
  const [row] = await query<{ count: number }>(databaseUrl, sql)
  return row?.count ?? 0
}

/** Of sorted values, none being none at all. */
function percentile(sorted: readonly number[]): number {
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
}
