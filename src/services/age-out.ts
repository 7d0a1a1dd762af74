import type { Log } from './log.ts'

/** How far one look at the oldest events went. */
export interface EventsRound {
  readonly deleted: number
  /** The last event that was looked at; the next round begins after it. */
  readonly lastSeq: bigint
  /** Whether there may be more that are old enough. */
  readonly hasMore: boolean
}

/** The port this service needs; `adapters/prisma/old-records.ts` implements it. Ages go by the database's clock; each statement takes few rows. */
export interface OldRecords {
  /** Deletes events that were received more than `days` ago, with their decisions and calls; none that still waits for anything. */
  deleteEvents(days: number, after: bigint): Promise<EventsRound>
  /** Deletes profiles of customers of whom no event is left, and who were looked up more than `days` ago or never. */
  deleteCustomers(days: number): Promise<number>
  /** Deletes calls that served no event. */
  deleteCalls(days: number): Promise<number>
  /** Has `ageOut` run again; whoever else schedules it has it run once all the same. */
  scheduleNext(delayMs: number): Promise<void>
}

/** So many rounds at a stretch: a process that is to end must not wait for the whole of a backlog. */
const ROUNDS_MAX = 20
const PAUSE_MS = 3_600_000

/** Deletes what is older than RETENTION_DAYS, some of it at a time, and schedules its next run. The audit and the rules stay. */
export async function ageOut({
  records,
  log,
  days,
}: {
  readonly records: OldRecords
  readonly log: Log
  readonly days: number
}): Promise<void> {
  let round: EventsRound = { deleted: 0, lastSeq: 0n, hasMore: true }
  let events = 0
  for (let rounds = 0; round.hasMore && rounds < ROUNDS_MAX; rounds++) {
    round = await records.deleteEvents(days, round.lastSeq)
    events += round.deleted
  }
  const customers = await records.deleteCustomers(days)
  const calls = await records.deleteCalls(days)
  const hasMore = (round.hasMore && events > 0) || customers > 0 || calls > 0
  await records.scheduleNext(hasMore ? 0 : PAUSE_MS)
  if (events + customers + calls > 0) log.info({ events, customers, calls, days }, 'records.aged_out')
}
