import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuleDocument } from '../../src/domain/rule.ts'
import type { Scope } from '../../test/support/scope.ts'
import { ADMIN_TOKEN, API_KEY, SIGNING_KEY } from '../../test/support/service.ts'
import { languagePlanTag } from './rule-sets.ts'

/** The settings of the router as it is measured: as in production, but for the log, which nobody reads here. */
export async function routerSettings(
  scope: Scope,
  settings: Readonly<Record<string, string>>,
  rules: readonly RuleDocument[] = languagePlanTag(100),
): Promise<Record<string, string>> {
  const rulesDir = await mkdtemp(join(tmpdir(), 'helpcrunch-router-bench-'))
  scope.teardown(() => rm(rulesDir, { recursive: true }))
  await Promise.all(rules.map((rule) => writeFile(join(rulesDir, `${rule.key}.json`), JSON.stringify(rule))))
  return {
    PORT: '0',
    HELPCRUNCH_API_URL: 'http://127.0.0.1:9/v1', // nobody, unless a simulator takes its place
    HELPCRUNCH_API_KEY: API_KEY,
    HELPCRUNCH_SIGNING_KEY: SIGNING_KEY,
    ADMIN_TOKEN,
    RULES_DIR: rulesDir,
    ...settings,
  }
}
