import { apiOf } from '../../support/api.ts'
import { rule } from '../../support/rules.ts'
import { startService } from '../../support/service.ts'
import { exactly, type Scenario } from '../scenario.ts'

const GOOD_RULES = 200
/** What no write accepts, so that it must have come into the database in another way: by hand, or from another version. */
const BROKEN_CONDITIONS = [
  { fact: 'email', operator: 'matches', value: '(' },
  { fact: 'email', operator: 'soundsLike', value: 'x' },
  { all: [{ fact: 'email' }] },
  { nothing: 'known' },
  null,
]

/** P22: rules that cannot be evaluated are tried before all others, and each of the others still wins its own chat. */
export const oneBadRule: Scenario = {
  id: 'P22',
  promise: 'a rule that cannot be evaluated is set aside and reported, and all others still decide',
  async run(stage) {
    const kinds = stage.size(BROKEN_CONDITIONS.length, 2)
    const bad = BROKEN_CONDITIONS.slice(0, kinds).map((_, index) =>
      rule({ key: `bad-${index}`, priority: 9_000 + index }),
    )
    const good = Array.from({ length: GOOD_RULES }, (_, index) =>
      rule({ key: `good-${index}`, priority: 1 + index, conditions: equals('name', nameOf(index)) }),
    )
    const settings = { ROUTER_MODE: 'shadow', HELPCRUNCH_REQUESTS_PER_MINUTE: '10000' }
    const service = await startService(stage, { rules: [...bad, ...good], settings })
    const { simulator, sql } = service
    for (const [index, conditions] of BROKEN_CONDITIONS.slice(0, kinds).entries()) {
      await sql(
        `UPDATE rule_versions SET document = jsonb_set(document::jsonb, '{conditions}', $2::jsonb)::json, created_at = now() WHERE key = $1`,
        [`bad-${index}`, JSON.stringify(conditions)],
      )
    }
    await loadAnew(service)
    for (let index = 0; index < GOOD_RULES; index++) {
      simulator.openChat({ customerId: simulator.addCustomer({ name: nameOf(index) }).id })
    }
    await service.drained()
    const won = await sql<{ rule_key: string; name: string; id: string }>(
      "SELECT id::text, rule_key, facts ->> 'name' AS name FROM decisions WHERE event_type = 'chat.new'",
    )
    const right = won.filter(({ rule_key, name }) => rule_key === `good-${name.slice('name '.length)}`).length
    const { body } = await service.get(`/v1/decisions/${won[0]?.id}`)
    const reported = body.explanation.filter(
      ({ rule: key, result, why }: Record<string, string>) =>
        key?.startsWith('bad-') && result === 'unknown' && why?.startsWith('Could not be evaluated'),
    )
    return [
      exactly('bad_rules', kinds, kinds),
      exactly('others', `${right}/${GOOD_RULES}`, `${GOOD_RULES}/${GOOD_RULES}`),
      exactly('reported', reported.length, kinds),
    ]
  },
}

/** A change of another rule: the set with the broken rules is loaded. */
async function loadAnew(service: Parameters<typeof apiOf>[0]): Promise<void> {
  const { status } = await apiOf(service).send(
    'POST',
    '/v1/rules',
    rule({ key: 'last', priority: 1, status: 'disabled' }),
  )
  if (status !== 201) throw new Error(`A new rule was answered with ${status}.`)
}

function nameOf(index: number): string {
  return `name ${index}`
}

function equals(fact: string, value: string) {
  return { fact, operator: 'equal', value } as const
}
