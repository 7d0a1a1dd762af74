import type { Customer } from '../../src/sandbox/simulator/account.ts'
import type { Statement } from '../support/postgres.ts'

/** Texts that stand nowhere but where they were put, so that whoever finds one knows where it came from. */
export interface Canaries {
  /** A customer that has one in every personal field. */
  readonly customer: Partial<Customer>
  readonly message: string
  readonly all: readonly string[]
}

/** Canaries of one customer; `mark` tells them from another customer's. */
export function hatchCanaries(mark: string): Canaries {
  const canary = (field: string) => `canary-${field}-${mark}`
  const message = canary('message')
  const customer = {
    ...{
      name: canary('name'),
      email: `${canary('email')}@example.test`,
      userId: canary('user'),
      phone: canary('phone'),
    },
    ...{ company: canary('company'), city: canary('city'), source: canary('source') },
    ...{ locale: 'de', tags: [canary('tag')], customData: { note: canary('custom'), plan: canary('plan') } },
  }
  const all = ['message', 'name', 'email', 'user', 'phone', 'company', 'city', 'source', 'tag', 'custom', 'plan']
  return { customer, message, all: all.map(canary) }
}

/** Every column of every row of every table, the queue's included, as text. What `pg_dump` would write, but for its format. */
export async function dumpDatabase(sql: Statement): Promise<string[]> {
  const tables = await sql<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  if (!tables.some(({ name }) => name.endsWith('._private_jobs'))) throw new Error('The dump has no queue in it.')
  const rows: string[] = []
  for (const { name } of tables) {
    const found = await sql<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
    rows.push(...found.map(({ row }) => `${name} ${row}`))
  }
  return rows
}

/** The rows that hold one of the canaries; raw bytes are dumped as hexadecimal digits. */
export function findHits(rows: readonly string[], canaries: readonly string[]): string[] {
  const needles = canaries.flatMap((canary) => [canary, Buffer.from(canary).toString('hex')])
  return rows.filter((row) => needles.some((needle) => row.includes(needle)))
}
