import { formatRuleDiff } from '../domain/format-rule-diff.ts'
import { checkChanges, tellCheck } from './check-changes.ts'
import { describeEffect } from './describe-effect.ts'
import { measureEffect } from './measure-effect.ts'
import type { Output } from './output.ts'
import { planChanges } from './plan-changes.ts'
import { writePlanFile } from './plan-file.ts'
import type { Settings } from './read-arguments.ts'
import { createRouterClient } from './router-client.ts'
import { counted, readValidFolder } from './rules-folder.ts'

/**
 * `rules plan`: prints what `apply` would change and what that would have changed for recent chats. The exit code is 2
 * when there is a difference, and 1 when the service would refuse it.
 */
export async function planRules(settings: Settings, output: Output): Promise<number> {
  const { dir, json, limit, out } = settings
  const rules = await readValidFolder(dir, output)
  if (rules === undefined) return 1
  const client = createRouterClient(settings)
  const { rules: stored } = await client.rules()
  const { diff, changes, seen } = planChanges(stored, rules)
  const difference = changes.length > 0
  if (!json) for (const line of formatRuleDiff(diff, output)) output.line(line)
  const check = difference ? await checkChanges(client, rules, changes) : NOTHING_FOUND
  const told = json ? { ...output, line: () => {} } : output
  tellCheck(check, told)
  if (check.errors.length > 0) {
    output.problem('The service would refuse these rules.')
    return 1
  }
  const effect = difference ? await measureEffect(client, changes, limit) : null
  if (out !== undefined) await writePlanFile(out, { seen, rules })
  if (json) output.line(JSON.stringify({ difference, ...diff, seen, warnings: check.warnings, effect }, null, 2))
  else if (effect === null) output.line(`No difference: ${counted(stored.length, 'rule')} in both.`)
  else {
    output.line('')
    for (const line of describeEffect(effect, await client.departmentNames(), output)) output.line(line)
    const next =
      out === undefined ? '' : ` "npm run rules -- apply ${out}" carries it out, if the service is still the same.`
    output.line(`\n${counted(changes.length, 'rule')} to write; the service has ${stored.length} now.${next}`)
  }
  return difference ? 2 : 0
}

const NOTHING_FOUND = { errors: [], warnings: [] }
