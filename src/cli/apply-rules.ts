import { formatRuleDiff } from '../domain/format-rule-diff.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { checkChanges, tellCheck } from './check-changes.ts'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'
import { changedSince, fingerprints, planChanges } from './plan-changes.ts'
import { readPlanFile } from './plan-file.ts'
import type { Settings } from './read-arguments.ts'
import { createRouterClient, type RouterClient, type StoredRules, type WriteResult } from './router-client.ts'
import { counted, readValidFolder } from './rules-folder.ts'

/** `rules apply`: makes the rules of the service those of the folder, or of a kept plan: all of them at one moment, or none. */
export async function applyRules(settings: Settings, output: Output): Promise<number> {
  const client = createRouterClient(settings)
  const wanted = await readWanted(settings, client, output)
  if (wanted === undefined) return 1
  const { diff, changes } = planChanges(wanted.stored.rules, wanted.rules)
  const told = settings.json ? { ...output, line: () => {} } : output
  for (const line of formatRuleDiff(diff, output)) told.line(line)
  const check = changes.length === 0 ? NOTHING_FOUND : await checkChanges(client, wanted.rules, changes)
  tellCheck(check, told)
  if (check.errors.length > 0) {
    output.problem('The service would refuse these rules. Nothing was written.')
    return 1
  }
  const result = changes.length === 0 ? WRITTEN : await replaceRules(client, wanted)
  const isDone = result.kind === 'written'
  if (settings.json) {
    const done = isDone ? changes.map(({ kind, key }) => ({ change: kind, rule: key })) : []
    output.line(JSON.stringify({ done, failed: isDone ? null : result, warnings: check.warnings }, null, 2))
  }
  if (!isDone) {
    output.problem(whatFailed(result))
    return 1
  }
  told.line(
    changes.length === 0 ? 'Nothing to do: no difference.' : `Done: ${counted(changes.length, 'rule')} written.`,
  )
  return 0
}

const WRITTEN: WriteResult = { kind: 'written' }
const NOTHING_FOUND = { errors: [], warnings: [] }

interface Wanted {
  readonly rules: readonly RuleDocument[]
  readonly stored: StoredRules
}

/** The rules wanted and the rules there are; undefined, with all problems told, when the folder is not valid. */
async function readWanted(settings: Settings, client: RouterClient, output: Output): Promise<Wanted | undefined> {
  if (settings.planFile === undefined) {
    const rules = await readValidFolder(settings.dir, output)
    if (rules === undefined) return undefined
    const stored = await client.rules()
    const count = stored.rules.length
    if (rules.length === 0 && count > 0) throw new CommandError(emptyFolder(settings.dir, count))
    return { rules, stored }
  }
  const plan = await readPlanFile(settings.planFile)
  const stored = await client.rules()
  const changed = changedSince(plan.seen, fingerprints(stored.rules))
  if (changed.length === 0) return { rules: plan.rules, stored }
  throw new CommandError(
    `The service has changed since the plan was made: ${changed.join(', ')}. Nothing was written. Plan again.`,
  )
}

/** More likely the wrong folder than the wish; who means it can keep a plan and apply that. */
function emptyFolder(dir: string, stored: number): string {
  return `There is no rule in ${dir}, and ${counted(stored, 'rule')} would be removed. Name another folder, or apply a kept plan.`
}

async function replaceRules(client: RouterClient, { rules, stored: { etag } }: Wanted): Promise<WriteResult> {
  if (etag === undefined) {
    throw new CommandError(
      'The rules of the service came without an ETag: the service is older than this command, or something in between takes that away.',
    )
  }
  return client.replaceRules(rules, etag)
}

function whatFailed(failure: Exclude<WriteResult, { kind: 'written' }>): string {
  if (failure.kind === 'no_answer') {
    return `Nobody knows whether the rules were written: ${failure.reason} "npm run rules -- plan" tells.`
  }
  return failure.status === 412
    ? 'Somebody has just changed the rules of the service. Nothing was written. Plan again.'
    : `The service has refused the rules: ${failure.reason} Nothing was written.`
}
