import { builtArgs } from '../test/support/start-command.ts'
import { createDatabaseOn, startBenchPostgres } from './support/database.ts'
import { createLoad } from './support/load.ts'
import { serve } from './support/process.ts'
import { medianOfRounds, percentile } from './support/rounds.ts'
import { withScope } from './support/scope.ts'
import { routerSettings } from './support/settings.ts'
import { printTable, spell } from './support/table.ts'

// How many webhooks a second are acknowledged once they are on disk, and how soon one is, beside the least that could be done.
const CONNECTIONS = 64
const FLOOD = { rounds: 5, forMs: 2_000 }
/** Long enough for a round's p99 to be its third slowest answer. One stall of the machine spoils one round, not the median. */
const DRIP = { rounds: 9, perSecond: 50, forMs: 6_000 }

await withScope(async (scope) => {
  const postgres = await startBenchPostgres(scope)
  const env = await routerSettings(scope, {
    DATABASE_URL: await createDatabaseOn(scope, postgres.url, 'router'),
    ROLE: 'web',
  })
  const bareDatabase = await createDatabaseOn(scope, postgres.url, 'bare')
  const ours = await serve(scope, builtArgs(), env)
  const bare = await serve(scope, ['bench/baselines/bare-fastify.ts'], { DATABASE_URL: bareDatabase })
  const load = createLoad(scope)
  const services = [
    { name: 'ours', url: ours.url },
    { name: 'bare', url: bare.url },
  ]

  // Before the flood: Postgres tidies up after it for a while.
  const rounds = new Map(services.map(({ name }): [string, number[][]] => [name, []]))
  const p50 = await medianOfRounds(
    services.map(({ name, url }) => ({
      name,
      async round() {
        const durations = await load.drip(url, DRIP.perSecond, DRIP.forMs)
        rounds.get(name)?.push(durations)
        return percentile(durations, 0.5)
      },
    })),
    DRIP.rounds,
  )
  const p99 = new Map(
    [...rounds].map(([name, [, ...counted]]) => {
      const p99s = counted.map((durations) => percentile(durations, 0.99))
      return [name, percentile(p99s, 0.5)]
    }),
  )
  const answered = await medianOfRounds(
    services.map(({ name, url }) => ({ name, round: () => load.flood(url, CONNECTIONS, FLOOD.forMs) })),
    FLOOD.rounds,
  )
  const row = (what: string, unit: string, figures: Map<string, number>, isReached: (ratio: number) => boolean) => {
    const [mine, floor] = [figures.get('ours') ?? Number.NaN, figures.get('bare') ?? Number.NaN]
    const beside = `bare Fastify + INSERT ${spell(floor)} ${unit}: ${(mine / floor).toFixed(2)}x`
    return { what, measured: `${spell(mine)} ${unit}`, beside, isReached: isReached(mine / floor) }
  }
  printTable('Intake: acknowledged and durable', [
    { ...row(`${CONNECTIONS} connections`, '/s', answered, (ratio) => ratio >= 1), target: 'at least 1.0x' },
    { ...row('p50 at 50/s', 'ms', p50, (ratio) => ratio <= 1.5), target: 'at most 1.5x' },
    { ...row('p99 at 50/s', 'ms', p99, (ratio) => ratio <= 2), target: 'at most 2x' },
  ])
})
