import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/adapters/embedded-postgres/start-embedded-postgres.ts'
import { openSchemaEngine } from '../src/adapters/prisma/schema-engine.ts'

// npm run migration -- <name>: writes the SQL that leads from the committed schema to the edited one. Read it before you commit it.
const name = process.argv[2]
if (!name || !/^[a-z0-9_]+$/.test(name)) throw new Error('Usage: npm run migration -- <name_in_snake_case>')

const dataDir = mkdtempSync(join(tmpdir(), 'author-migration-'))
const postgres = await startEmbeddedPostgres({ dataDir }) // the engine wants to see a server, although it compares two texts
const pool = new pg.Pool({ connectionString: postgres.url })
const engine = await openSchemaEngine(pool)
const { stdout: sql } = await engine.diff({
  from: schemaAt(committedSchema()),
  to: schemaAt(readFileSync(join(import.meta.dirname, 'schema.prisma'), 'utf8')),
  script: true,
  exitCode: null,
  filters: { externalTables: [], externalEnums: [] },
})
await pool.end()
await postgres.stop()
rmSync(dataDir, { recursive: true })
if (!sql) throw new Error('The schema has not changed since the last commit.')
const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
const folder = join(import.meta.dirname, 'migrations', `${stamp}_${name}`)
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'migration.sql'), sql)
console.log(folder)

function schemaAt(content: string) {
  if (content === '') return { tag: 'empty' as const }
  return { tag: 'schemaDatamodel' as const, files: [{ path: 'schema.prisma', content }] }
}

/** Empty before the schema's first commit. */
function committedSchema(): string {
  try {
    return execFileSync('git', ['show', 'HEAD:prisma/schema.prisma'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return ''
  }
}
