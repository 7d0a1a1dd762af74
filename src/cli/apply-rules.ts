import { formatRuleDiff } from '../domain/format-rule-diff.ts'
import type { RuleDocument } from '../domain/rule.ts'
import { checkChanges, tellCheck } from './check-changes.ts'
import { CommandError } from './command-error.ts'
import type { Output } from './output.ts'
import { type Change, changedSince, fingerprints, planChanges } from './plan-changes.ts'
import { readPlanFile } from './plan-file.ts'
import type { Settings } from './read-arguments.ts'
import { createRouterClient, type RouterClient, type StoredRule, type WriteResult } from './router-client.ts'
import { counted, readValidFolder } from './rules-folder.ts'

/** `rules apply`: makes the rules of the service those of the folder, or of a kept plan. It stops at the first refusal. */
export async function applyRules(settings: Settings, output: Output): Promise<number> {
  const client = createRouterClient(settings)
  const wanted = await readWanted(settings, client, output)
  if (wanted === undefined) return 1
  const { diff, changes } = planChanges(wanted.stored, wanted.rules)
  const told = settings.json ? { ...output, line: () => {} } : output
  for (const line of formatRuleDiff(diff, output)) told.line(line)
  const check = changes.length === 0 ? NOTHING_FOUND : await checkChanges(client, wanted.rules, changes)
  tellCheck(check, told)
  if (check.errors.length > 0) {
    output.problem('The service would refuse these rules. Nothing was written.')
    return 1
  }
  const run = await carryOut(client, changes, told)
  if (settings.json)
    output.line(JSON.stringify({ ...run, failed: run.failed ?? null, warnings: check.warnings }, null, 2))
  if (run.failed === undefined) {
    told.line(
      changes.length === 0 ? 'Nothing to do: no difference.' : `Done: ${counted(changes.length, 'rule')} written.`,
    )
    return 0
  }
  output.problem(`${whatFailed(run.failed)} ${run.failed.reason}`)
  output.problem(`Done: ${run.done.map(spelt).join(', ') || 'nothing'}.`)
  output.problem(`Not done: ${run.notDone.map(spelt).join(', ') || 'nothing more'}.`)
  return 1
}

const NOTHING_FOUND = { errors: [], warnings: [] }

interface Wanted {
  readonly rules: readonly RuleDocument[]
  readonly stored: readonly StoredRule[]
}

/** The rules wanted and the rules there are; undefined, with all problems told, when the folder is not valid. */
async function readWanted(settings: Settings, client: RouterClient, output: Output): Promise<Wanted | undefined> {
  if (settings.planFile === undefined) {
    const rules = await readValidFolder(settings.dir, output)
    if (rules === undefined) return undefined
    const stored = await client.rules()
    if (rules.length === 0 && stored.length > 0) throw new CommandError(emptyFolder(settings.dir, stored.length))
    return { rules, stored }
  }
  const plan = await readPlanFile(settings.planFile)
  const stored = await client.rules()
  const changed = changedSince(plan.seen, fingerprints(stored))
  if (changed.length === 0) return { rules: plan.rules, stored }
  throw new CommandError(
    `The service has changed since the plan was made: ${changed.join(', ')}. Nothing was written. Plan again.`,
  )
}

/** More likely the wrong folder than the wish; who means it can keep a plan and apply that. */
function emptyFolder(dir: string, stored: number): string {
  return `There is no rule in ${dir}, and ${counted(stored, 'rule')} would be removed. Name another folder, or apply a kept plan.`
}

interface Named {
  readonly change: Change['kind']
  readonly rule: string
}

interface Failure extends Named {
  readonly kind: Exclude<WriteResult['kind'], 'written'>
  readonly reason: string
}

interface Run {
  readonly done: readonly Named[]
  readonly failed: Failure | undefined
  /** What comes after the one that failed. */
  readonly notDone: readonly Named[]
}

async function carryOut(client: RouterClient, changes: readonly Change[], output: Output): Promise<Run> {
  const done: Named[] = []
  for (const [index, change] of changes.entries()) {
    const result = await write(client, change)
    if (result.kind !== 'written') {
      const failed = { ...nameOf(change), kind: result.kind, reason: result.reason }
      return { done, failed, notDone: changes.slice(index + 1).map(nameOf) }
    }
    done.push(nameOf(change))
    output.line(`${output.paint('green', 'ok')} ${spelt(nameOf(change))}`)
  }
  return { done, failed: undefined, notDone: [] }
}

function write(client: RouterClient, change: Change): Promise<WriteResult> {
  switch (change.kind) {
    case 'create':
      return client.create(change.rule)
    case 'replace':
      return client.replace(change.rule, change.stored.version)
    case 'remove':
      return client.remove(change.key, change.stored.version)
  }
}

function nameOf({ kind, key }: Change): Named {
  return { change: kind, rule: key }
}

/** `replace vip` */
function spelt({ change, rule }: Named): string {
  return `${change} ${rule}`
}

function whatFailed(failure: Failure): string {
  const what = spelt(failure)
  return failure.kind === 'refused' ? `"${what}" was refused:` : `Nobody knows whether "${what}" was done:`
}
