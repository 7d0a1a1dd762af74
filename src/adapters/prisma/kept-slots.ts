import { Prisma } from '../../generated/prisma/client.ts'
import { applyJobKey } from './jobs.ts'

/**
 * The free slots that waiting moves will need. One that has failed needs two, for a look and the move, once its next try is due; until
 * then it keeps nobody from going first, as below. Failed moves are rare, so the job of each is looked up by its key.
 */
export const WAITING_MOVES = Prisma.sql`(SELECT coalesce(sum(CASE WHEN tries = 0 THEN 1 ELSE (
    SELECT 2 FROM graphile_worker._private_jobs j WHERE j.key = ${applyJobKey(Prisma.sql`chats.id`)} AND j.run_at <= now()
  ) END), 0) FROM chats WHERE pending_decision_id IS NOT NULL)`

/**
 * Those that moves of higher rules will need. One that has failed waits for its next try, and keeps nobody from going first: in an
 * outage the lower rules would starve.
 */
export function higherMoves(priority: number): Prisma.Sql {
  return Prisma.sql`(SELECT count(*) FROM chats
    WHERE pending_decision_id IS NOT NULL AND pending_priority > ${priority}::int AND tries = 0)`
}
