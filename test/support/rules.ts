import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { Statement } from './postgres.ts'
import type { Scope } from './scope.ts'

/** A valid rule, which sends German-speaking customers to department 10; override what the test is about. */
export function rule(parts: Partial<RuleDocument> = {}): RuleDocument {
  return {
    key: 'german',
    name: 'German-speaking customers',
    status: 'enabled',
    priority: 500,
    conditions: { fact: 'language', operator: 'equal', value: 'de' },
    department: 10,
    ...parts,
  }
}

/** A folder with a file for each rule, gone when the test ends. */
export async function writeRules(t: Scope, rules: readonly Partial<RuleDocument>[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-rules-'))
  t.teardown(() => rm(dir, { recursive: true }))
  const whole = rules.map(rule)
  await Promise.all(whole.map((document) => writeFile(join(dir, `${document.key}.json`), JSON.stringify(document))))
  return dir
}

/** Puts rules in place of all that a service has, each at its first version, as if it had been started with them; gives the service. */
export async function giveRules<S extends { readonly sql: Statement }>(
  service: S,
  rules: readonly RuleDocument[],
): Promise<S> {
  await service.sql('DELETE FROM rule_versions')
  await service.sql(
    `WITH head AS (UPDATE ruleset_head SET version = version + 1 RETURNING version)
    INSERT INTO rule_versions (key, version, document, author, live_from)
    SELECT document ->> 'key', 1, document, 'import', head.version FROM head, json_array_elements($1) AS document`,
    [JSON.stringify(rules)],
  )
  return service
}
