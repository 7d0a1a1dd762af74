import { analyseRules } from '../src/domain/analysis/analyse.ts'
import type { Conditions } from '../src/domain/conditions.ts'
import type { RuleDocument } from '../src/domain/rule.ts'
import { pick, type Random, seededRandom } from '../test/domain/analysis-rulesets.ts'

// How long the analysis of rules as a large support team writes them takes: all of a set, and one changed rule in it.
const SIZES = [50, 100, 500, 2_000]
const SEED = 1

const LANGUAGES = ['de', 'fr', 'uk', 'pl', 'es', 'pt', 'it', 'nl', 'tr', 'ja', 'en', 'cs', 'sv', 'da', 'fi', 'ro']
const COUNTRIES = ['DE', 'AT', 'CH', 'FR', 'UA', 'PL', 'ES', 'BR', 'IT', 'NL', 'TR', 'JP', 'US', 'GB', 'CZ', 'SE']
const PLANS = ['free', 'trial', 'basic', 'pro', 'scale', 'enterprise']
const TAGS = Array.from({ length: 40 }, (_, index) => `tag-${index}`)
const WORDS = [
  'invoice',
  'refund',
  'error',
  'bug',
  'login',
  'password',
  'domain',
  'api',
  'export',
  'gdpr',
  'demo',
  'sla',
]
const CHANNELS = ['telegram', 'whatsapp', 'email', 'widget', 'instagram']

console.log('rules  whole set  one rule  warnings')
for (const size of SIZES) {
  const random = seededRandom(SEED)
  const rules = Array.from({ length: size }, (_, index) => realisticRule(random, index, size))
  const middle = rules[Math.floor(size / 2)]?.key ?? ''
  const [wholeMs, warnings] = measure(() => analyseRules(rules, {}))
  const [oneMs] = measure(() => analyseRules(rules, {}, { only: middle }))
  const byCode = Object.entries(Object.groupBy(warnings, ({ code }) => code))
  const counts = byCode.map(([code, found = []]) => `${code} ${found.length}`).toSorted()
  console.log(`${cell(size, 5)}  ${cell(wholeMs, 6)} ms  ${cell(oneMs, 5)} ms  ${counts.join(', ') || 'none'}`)
}

/** The best of three runs, as others share the machine. */
function measure<Result>(run: () => Result): [number, Result] {
  const runs = Array.from({ length: 3 }, (): [number, Result] => {
    const startedAt = performance.now()
    const result = run()
    return [performance.now() - startedAt, result]
  })
  return runs.reduce((best, other) => (other[0] < best[0] ? other : best))
}

function cell(value: number, width: number): string {
  return value.toFixed(0).padStart(width)
}

/** Two or three conditions of the kinds that support teams use, now and then with exceptions, alternatives and hours. */
function realisticRule(random: Random, index: number, size: number): RuleDocument {
  const kinds = [language, country, plan, tag, words, channel, seats, account].toSorted(() => random() - 0.5)
  const all = kinds.slice(0, 2 + Math.floor(random() * 2)).map((kind) => kind(random))
  if (random() < 0.2) all.push({ not: tag(random) })
  const windows = [{ days: [1, 2, 3, 4, 5], from: '09:00', to: pick(random, ['17:00', '18:00']) }]
  return {
    key: `rule-${index}`,
    name: `Rule ${index}`,
    status: 'enabled',
    // Most people number in steps and insert in between, so some rules share a priority.
    priority: 1 + Math.floor((random() * 9_000 * Math.min(size, 900)) / 900),
    ...(random() < 0.1 ? { events: ['chat.new', 'message.chat.customer'] } : {}),
    conditions: { all },
    ...(random() < 0.2 ? { schedule: { timezone: pick(random, ['Europe/Kyiv', 'Europe/Berlin']), windows } } : {}),
    department: 1 + Math.floor(random() * 12),
  }
}

function language(random: Random): Conditions {
  const known: Conditions = { fact: 'language', operator: 'equal', value: pick(random, LANGUAGES) }
  if (random() < 0.6) return known
  return { any: [known, { all: [{ fact: 'language', operator: 'missing' }, country(random)] }] }
}

function country(random: Random): Conditions {
  return { fact: 'country', operator: 'in', value: [pick(random, COUNTRIES), pick(random, COUNTRIES)] }
}

function plan(random: Random): Conditions {
  if (random() < 0.2) return { fact: 'plan', operator: 'startsWith', value: pick(random, PLANS) }
  return { fact: 'plan', operator: 'in', value: [pick(random, PLANS), pick(random, PLANS)] }
}

function tag(random: Random): Conditions {
  return { fact: 'tags', operator: 'containsAny', value: [pick(random, TAGS), pick(random, TAGS)] }
}

function words(random: Random): Conditions {
  const one = (): Conditions => ({ fact: 'message', operator: 'includesWord', value: pick(random, WORDS) })
  return { any: [one(), one(), one(), one()] }
}

function channel(random: Random): Conditions {
  return { fact: 'channel', operator: 'equal', value: pick(random, CHANNELS) }
}

function seats(random: Random): Conditions {
  return { fact: 'custom.seats', operator: 'greaterThanInclusive', value: pick(random, [10, 20, 50, 100, 200]) }
}

function account(random: Random): Conditions {
  return { fact: 'emailDomain', operator: 'equal', value: `customer-${Math.floor(random() * 1_000)}.example` }
}
