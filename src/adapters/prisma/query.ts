import pg from 'pg'
import { markPassing } from '../../domain/passing-trouble.ts'
import { Prisma } from '../../generated/prisma/client.ts'

/**
 * Runs one statement, written as for Prisma's `$queryRaw`, and gives its rows: `bigint` for bigint, `Date` for timestamptz. The
 * statements of a chat's way go past Prisma's client, which costs 0.1 ms of processor time for each (ADR 0003).
 */
export type Query = <Row>(strings: readonly string[], ...values: readonly unknown[]) => Promise<Row[]>

export type StatementNames = (query: { readonly sql: string }) => string

export function createQuery(pool: pg.Pool, nameOf: StatementNames): Query {
  return async <Row>(strings: readonly string[], ...parts: readonly unknown[]) => {
    const { text, values } = Prisma.sql(strings, ...parts)
    const name = nameOf({ sql: text })
    try {
      const { rows } = await pool.query({ ...(name !== '' && { name }), text, values: [...values], types: TYPES })
      return rows as Row[]
    } catch (error) {
      throw readFailure(error)
    }
  }
}

const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid, format as 'text'),
}

/** Postgres has undone what the statement did, and the connection goes on. */
export class RefusedStatement extends Error {}

/**
 * Classes of refusals (the first two characters of their codes, appendix A of Postgres' documentation) that are about read-only
 * servers, deadlocks, missing resources, locks, what an operator or a time limit has stopped, and the system; and a table that may not
 * be read, or is not there, as in the middle of a restore.
 */
const PASSING = /^(25|40|53|55|57|58)|^42(501|P01)$/

/** Whether Postgres has refused a statement for a reason that passes. */
export function isPassingCode(code: string): boolean {
  return PASSING.test(code)
}

function readFailure(error: unknown): unknown {
  // The driver's errors have no class of their own: it lost the connection, or waited for one in vain. All others are mistakes of ours.
  if (!(error instanceof pg.DatabaseError)) return error instanceof TypeError ? error : markPassing(error)
  // Postgres' detail tells values of the row, which must not reach a log.
  const { code = 'no code', message, severity } = error
  const told = `Postgres refused a statement: ${message} (${code})`
  if (severity !== 'ERROR') return markPassing(new Error(told)) // it has ended the connection, or not let it begin
  const refused = new RefusedStatement(told)
  return isPassingCode(code) ? markPassing(refused) : refused
}

/** More different statements than the service has; what goes beyond them is planned each time, so that none fill the server. */
const NAMED_STATEMENTS_MAX = 500

/**
 * A statement with a name is planned by each connection a few times and not at each run. Ours are long, and planning them was
 * half of what Postgres did for an event.
 */
export function createStatementNames(): StatementNames {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined) return known
    if (names.size >= NAMED_STATEMENTS_MAX) return ''
    const name = `hcr_${names.size}`
    names.set(sql, name)
    return name
  }
}
