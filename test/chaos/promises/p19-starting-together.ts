import { randomUUID } from 'node:crypto'
import { createDatabase, query } from '../../support/postgres.ts'
import { startReplica } from '../../support/processes.ts'
import { writeRules } from '../../support/rules.ts'
import { settingsFor, startAccount, until } from '../../support/service.ts'
import { EVERY_NEW_CHAT } from '../cluster.ts'
import { exactly, type Scenario, type Stage, told } from '../scenario.ts'

/** Replicas that start at the same moment on a database that is empty: no tables, no rules, no budget. */
export const startingTogether: Scenario = {
  id: 'P19',
  promise: 'replicas that start together on an empty database all come up, and its tables are made once',
  async run(stage) {
    const rounds = stage.size(20, 1)
    const replicas = stage.size(5, 2)
    const anyDatabase = await createDatabase(stage)
    const simulator = await startAccount(stage)
    const rulesDir = await writeRules(stage, [EVERY_NEW_CHAT])
    let failures = 0
    for (let round = 0; round < rounds; round++) {
      const databaseUrl = await createEmptyDatabase(stage, anyDatabase)
      const env = settingsFor(simulator, databaseUrl, rulesDir)
      failures += await startTogether(stage, env, replicas)
      failures += await countWrong(databaseUrl)
    }
    return [told('rounds', rounds), told('replicas', replicas), exactly('failures', failures, 0)]
  },
}

/** On the server of another database; it is dropped when the scenario ends. */
async function createEmptyDatabase(stage: Stage, other: string): Promise<string> {
  const name = `empty_${randomUUID().replaceAll('-', '')}`
  await query(other, `CREATE DATABASE ${name}`)
  stage.teardown(() => query(other, `DROP DATABASE ${name} WITH (FORCE)`))
  const url = new URL(other)
  url.pathname = `/${name}`
  return url.href
}

/** How many did not come up; those that did must say that they are ready. */
async function startTogether(stage: Stage, env: Record<string, string>, count: number): Promise<number> {
  const starts = await Promise.allSettled(Array.from({ length: count }, () => startReplica(stage, env)))
  const running = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  await until('all are ready', async () => {
    const replies = await Promise.all(running.map(({ url }) => fetch(`${url}/readyz`)))
    return replies.every(({ status }) => status === 200)
  })
  await Promise.all(running.map((replica) => replica.kill()))
  return count - running.length
}

/** Migrations that were applied twice or not to their end, and rules imported more often than once. */
async function countWrong(databaseUrl: string): Promise<number> {
  const [row] = await query<{ wrong: number }>(
    databaseUrl,
    `SELECT ((SELECT count(*) - count(DISTINCT migration_name) FROM _prisma_migrations)
      + (SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NULL)
      + (SELECT abs(count(*) - 1) FROM rule_versions))::int AS wrong`,
  )
  return row?.wrong ?? 1
}
