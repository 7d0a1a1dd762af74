import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { SeenFact, SeenValue, SeenValues } from '../../services/list-facts.ts'

interface SeenRow {
  name: string
  value: SeenValue['value'] | null
  count: number
}

const DECISIONS = 1_000
const CUSTOM_ATTRIBUTES_MAX = 200
/** An attribute with more values than this is no vocabulary: numbers, names, whatever people are told apart by. */
const CUSTOM_VALUES_MAX = 50
/** A custom value that only one customer has could be a phone number. */
const CUSTOMERS_MIN = 2

/** What facts were lately, counted in Postgres over the newest decisions. */
export function createSeenValues(prisma: PrismaClient): SeenValues {
  return {
    async list(names, valuesMax) {
      const rows = await prisma.$queryRaw<SeenRow[]>`
        WITH told AS (
          SELECT customer_id, fact.key AS name, fact.value
          FROM (SELECT customer_id, facts FROM decisions ORDER BY id DESC LIMIT ${DECISIONS}) AS newest,
            jsonb_each(facts) AS fact
          WHERE (fact.key = ANY (${[...names]}::text[]) OR fact.key LIKE 'custom.%') AND fact.value <> 'null'
        ), single AS (
          SELECT customer_id, name, member AS value FROM told,
            jsonb_array_elements(CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END) AS member
        ), counted AS (
          SELECT name, value, count(*)::int AS count, count(DISTINCT customer_id) AS customers,
            name LIKE 'custom.%' AS is_custom
          FROM single GROUP BY name, value
        ), ranked AS (
          SELECT *, count(*) OVER (PARTITION BY name) AS different,
            row_number() OVER (PARTITION BY name ORDER BY count DESC, value) AS place
          FROM counted
        ), shown AS (
          SELECT name, value, count, place FROM ranked
          WHERE place <= ${valuesMax}
            AND (NOT is_custom OR different <= ${CUSTOM_VALUES_MAX} AND customers >= ${CUSTOMERS_MIN})
        ), attributes AS (
          SELECT name FROM told WHERE name LIKE 'custom.%' GROUP BY name ORDER BY count(*) DESC, name
          LIMIT ${CUSTOM_ATTRIBUTES_MAX}
        )
        SELECT name, value, coalesce(count, 0) AS count
        FROM (SELECT name FROM attributes UNION SELECT unnest(${[...names]}::text[])) AS every LEFT JOIN shown USING (name)
        ORDER BY name, place`
      return group(rows)
    },
  }
}

function group(rows: readonly SeenRow[]): SeenFact[] {
  const byName = Map.groupBy(rows, ({ name }) => name)
  return [...byName].map(([name, found]) => ({
    name,
    values: found.flatMap(({ value, count }) => (value === null ? [] : [{ value, count }])),
  }))
}
