import { markPassing } from '../../domain/passing-trouble.ts'
import type { Pause } from '../../domain/pause.ts'
import type { RuleDocument } from '../../domain/rule.ts'
import { type CompiledRule, type CompiledRuleset, compileWithPauses } from '../../domain/ruleset.ts'
import type { PrismaClient } from '../../generated/prisma/client.ts'
import type { Rulesets } from '../../services/decide-events.ts'
import type { RuleImportTarget } from '../../services/import-rules.ts'
import { createRuleBook } from './rule-book.ts'

/** The set in force, and a few past ones that people look at. */
const KEPT_COMPILED = 20

interface KnownRuleset {
  /** Undefined of one that was asked for as a past one. */
  readonly changedAtMs: number | undefined
  readonly loading: Promise<CompiledRuleset>
}

/** A rule's version says in which rule-set versions it was live, so any past rule set is one query. `createPause` is called for each. */
export function createRulesetStore(prisma: PrismaClient, createPause: () => Pause): Rulesets & RuleImportTarget {
  const compiled = new Map<number, KnownRuleset>()
  let newest: { readonly version: number; readonly byIdentity: ReadonlyMap<string, CompiledRule> } | undefined

  /** Most changes are of one rule: what the newest set has of it already is neither read nor compiled, nor in memory, again. */
  async function load(version: number, isInForce: boolean): Promise<CompiledRuleset> {
    const isLive = { liveFrom: { lte: version }, OR: [{ liveTo: null }, { liveTo: { gt: version } }] }
    const live = await prisma.ruleVersion.findMany({
      where: isLive,
      select: { key: true, version: true, createdAt: true },
    })
    const identities = new Map(live.map((row) => [row.key, `${row.key} ${row.version} ${row.createdAt.getTime()}`]))
    const kept = [...identities.values()].flatMap((identity) => newest?.byIdentity.get(identity) ?? [])
    const keptKeys = new Set(kept.map(({ rule }) => rule.document.key))
    const missing = live.map(({ key }) => key).filter((key) => !keptKeys.has(key))
    const rows =
      missing.length === 0 ? [] : await prisma.ruleVersion.findMany({ where: { ...isLive, key: { in: missing } } })
    // Only validated documents are ever stored.
    const rules = rows.map((row) => ({ document: row.document as unknown as RuleDocument, version: row.version }))
    const loaded = await compileWithPauses({ version, rules }, createPause(), kept)
    if (isInForce || newest === undefined || newest.version < version) {
      const byIdentity = new Map(loaded.rules.map((one) => [identities.get(one.rule.document.key) ?? '', one]))
      newest = { version, byIdentity }
    }
    return loaded
  }

  function find(version: number, changedAtMs?: number): Promise<CompiledRuleset> {
    let known = compiled.get(version)
    if (known !== undefined && changedAtMs !== undefined && known.changedAtMs !== changedAtMs) {
      compiled.clear() // the database was restored, and gives the numbers of what was lost to other rules; or that is not known
      known = undefined
    }
    const loading = known?.loading ?? load(version, changedAtMs !== undefined).catch(blameNoEvent)
    compiled.delete(version) // and so to the end: whoever looks at many past ones does not drive out the set in force
    compiled.set(version, known ?? { changedAtMs, loading })
    if (known) return loading
    loading.catch(() => compiled.delete(version))
    for (const [oldest] of compiled) if (compiled.size > KEPT_COMPILED) compiled.delete(oldest)
    return loading
  }

  return {
    inForce: ({ version, changedAt }) => find(version, changedAt.getTime()),
    at: (version) => find(version),

    async isEmpty() {
      return (await prisma.ruleVersion.findFirst({ select: { key: true } })) === null
    },

    async importAll(rules, author) {
      // Replicas that start together import once: only one of them finds the head at its first version.
      const changes = rules.map((document) => ({ key: document.key, document, action: 'rule.imported' as const }))
      const applied = await createRuleBook(prisma).apply(0, changes, { name: author, tokenId: null })
      return { imported: applied.kind === 'applied' ? applied.rules.length : 0 }
    },
  }
}

/** That the rules cannot be read has nothing to do with what is to be decided by them. */
function blameNoEvent(error: unknown): never {
  throw markPassing(error)
}
