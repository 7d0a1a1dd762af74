import { randomUUID } from 'node:crypto'
import fastify from 'fastify'
import pg from 'pg'

// The floor: Fastify, and one INSERT for each webhook. No signature, no duplicates, no job, no reading of what came.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10, idleTimeoutMillis: 0 })
pool.on('error', () => {}) // the bench may take the database away first
await pool.query('CREATE TABLE IF NOT EXISTS bare_events (id text PRIMARY KEY, body jsonb NOT NULL)')
const app = fastify()
app.post('/webhooks/helpcrunch', async (request, reply) => {
  await pool.query('INSERT INTO bare_events (id, body) VALUES ($1, $2)', [randomUUID(), JSON.stringify(request.body)])
  return reply.code(202).send({ status: 'accepted' })
})
process.once('SIGTERM', async () => {
  await app.close()
  await pool.end()
})
console.log(`Server listening at ${await app.listen({ host: '127.0.0.1', port: 0 })}`)
