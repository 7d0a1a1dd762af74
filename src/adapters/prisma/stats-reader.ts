import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { BudgetState, DecisionCounts, QueueDepth, StatsReader } from '../../services/read-stats.ts'
import { toNumber } from './routing-record.ts'
import { createShadowHistory } from './shadow-history.ts'
import { msSince } from './sql.ts'

interface CountRow {
  kind: 'outcome' | 'department' | 'rule' | 'hour'
  outcome: string | null
  department: bigint | null
  rule: string | null
  hour: Date | null
  count: number
}

/** Counts in Postgres, over the index of the time of decision. */
export function createStatsReader(prisma: PrismaClient): StatsReader {
  return {
    async counts({ from, to }) {
      // First to the few different kinds of decision there are, then from these to each of the four counts.
      const rows = await prisma.$queryRaw<CountRow[]>`
        WITH kinds AS (
          SELECT outcome, to_department_id AS department, rule_key AS rule, date_trunc('hour', decided_at, 'UTC') AS hour,
            count(*) AS decisions
          FROM decisions WHERE decided_at >= ${from} AND decided_at < ${to} GROUP BY 1, 2, 3, 4
        )
        SELECT CASE 0 WHEN grouping(outcome) THEN 'outcome' WHEN grouping(department) THEN 'department'
            WHEN grouping(rule) THEN 'rule' ELSE 'hour' END AS kind,
          outcome, department, rule, hour, sum(decisions)::int AS count
        FROM kinds GROUP BY GROUPING SETS ((outcome), (department), (rule), (hour))
        ORDER BY hour, count DESC, outcome, department, rule`
      return readCounts(rows)
    },

    async queueDepth() {
      const [row] = await prisma.$queryRaw<QueueDepth[]>`
        SELECT waiting."waitingEvents", waiting."oldestWaitingMs",
          (SELECT count(*)::int FROM chats WHERE pending_decision_id IS NOT NULL) AS "pendingDecisions",
          (SELECT count(*)::int FROM graphile_worker._private_jobs WHERE locked_at IS NULL AND run_at <= now()) AS "readyJobs"
        FROM (
          SELECT count(*)::int AS "waitingEvents", ${msSince('min(received_at)')} AS "oldestWaitingMs"
          FROM webhook_events WHERE status = 'waiting'
        ) AS waiting`
      if (row === undefined) throw new Error('An aggregate without a row.')
      return row
    },

    async budget() {
      const [row] = await prisma.$queryRaw<BudgetState[]>`
        SELECT slots."limit", slots.used, CASE WHEN paused_until > clock_timestamp() THEN paused_until END AS "pausedUntil",
          CASE WHEN paused_until > clock_timestamp() THEN pause_reason END AS "pauseReason"
        FROM helpcrunch_account, (
          SELECT count(*)::int AS "limit",
            count(*) FILTER (WHERE used_at > clock_timestamp() - interval '60 s')::int AS used
          FROM budget_slots
        ) AS slots`
      if (row === undefined) throw new Error('The account has no row.')
      return row
    },

    newest: createShadowHistory(prisma),
  }
}

function readCounts(rows: readonly CountRow[]): DecisionCounts {
  const of = (kind: CountRow['kind']) => rows.filter((row) => row.kind === kind)
  return {
    outcomes: of('outcome').map(({ outcome, count }) => ({ outcome: outcome ?? '', count })),
    departments: of('department').map(({ department, count }) => ({ department: toNumber(department), count })),
    rules: of('rule').map(({ rule, count }) => ({ rule, count })),
    hours: of('hour').map(({ hour, count }) => ({ hour: hour ?? new Date(0), count })),
  }
}
