import { test } from 'tap'
import { startSecondApp } from '../support/second-app.ts'
import { startService } from '../support/service.ts'

test('a job that was taken for a dead one, and then postponed by its living worker, is not the last of its chat', async (t) => {
  // One job at a time: nobody takes the freed job anew before its worker has gone on.
  const settings = { WORKER_CONCURRENCY: '1', HELPCRUNCH_TIMEOUT_MS: '2000' }
  const { simulator, sql, drained } = await startService(t, { settings })
  simulator.script({ method: 'PUT' }, [{ kind: 'hang' }])
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.waitFor('the move is under way', () => simulator.calls.departmentPuts(id).length === 1)
  // What a peer does when this process was silent for 8 s, as its connections to the database were.
  await sql(`SELECT graphile_worker.force_unlock_workers(array_agg(locked_by))
    FROM graphile_worker._private_jobs WHERE locked_by IS NOT NULL`)
  // The timed-out call puts the job off, which graphile-worker does in the same row; then it deletes the row, as the job has ended.
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})

test('an event that waits without a job is found by the next worker that starts', async (t) => {
  const service = await startService(t, { settings: { ROLE: 'web' } })
  const { simulator, sql, drained } = service
  const { id } = simulator.openChat({ customerId: 9011 })
  await simulator.webhooks.settled()
  await sql('DELETE FROM graphile_worker._private_jobs WHERE key LIKE $1', ['event:%'])
  await sql(`UPDATE webhook_events SET received_at = received_at - interval '1 min' WHERE chat_id IS NOT NULL`)
  await sql(`DELETE FROM webhook_events WHERE chat_id IS NULL`)
  await startSecondApp(t, service)
  await drained()
  t.equal(simulator.chat(id).departmentId, 10)
})
