import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/start-embedded-postgres.ts'

// A process for tests to kill: it starts the Postgres of the folder named as its argument, says so, and lives on.
const { url } = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' })
console.log(url)
setInterval(() => {}, 60_000)
