import { test } from 'tap'
import { FACTS, type Facts } from '../../src/domain/facts.ts'
import { NONE } from '../support/none.ts'
import { givePastDecisions } from '../support/past-decisions.ts'
import { type Service, shareService } from '../support/service.ts'

const anyService = shareService({ settings: { ROLE: 'web' } })

/** A decision for each of the facts, each of a customer of its own, is all that is recorded. */
const record = (service: Service, ...told: Facts[]) =>
  givePastDecisions(
    service,
    told.map((facts) => ({ facts })),
  )

/** The values seen lately, by fact. */
async function values({ get }: Service): Promise<Record<string, unknown>> {
  const { body } = await get('/v1/facts?limit=100')
  return Object.fromEntries(body.data.map((fact: { name: string; values: unknown }) => [fact.name, fact.values]))
}

test('every fact is listed with its type, its meaning and the operators it takes', async (t) => {
  const service = await anyService(t)
  const { status, body } = await service.get('/v1/facts?limit=100')
  t.equal(status, 200)
  t.strictSame(
    body.data.map(({ name }: { name: string }) => name),
    FACTS.map(({ name }) => name),
  )
  t.equal(body.nextCursor, null)
  t.match(body.data[3], { name: 'tags', type: 'list', meaning: /tags/, lookup: 'customer', values: NONE })
  t.match(new Set(body.data[3].operators), new Set(['containsAny', 'missing']))
})

test('values seen lately come with their counts, each tag by itself, the most frequent first', async (t) => {
  const service = await anyService(t)
  await record(
    service,
    { language: 'de', tags: ['vip', 'beta'], blocked: false, application: 7 },
    { language: 'de', tags: ['vip'] },
    { language: 'uk', tags: [] },
  )
  t.match(await values(service), {
    language: [
      { value: 'de', count: 2 },
      { value: 'uk', count: 1 },
    ],
    tags: [
      { value: 'vip', count: 2 },
      { value: 'beta', count: 1 },
    ],
    blocked: [{ value: false, count: 1 }],
    application: [{ value: 7, count: 1 }],
  })
})

test('what is known not to exist is no value, and takes no place among them', async (t) => {
  const service = await anyService(t)
  const departments = Array.from({ length: 20 }, (_, n) => ({ department: n + 1 }))
  await record(service, ...departments, ...Array.from({ length: 3 }, () => ({ department: null })))
  const { department } = await values(service)
  t.equal(Array.isArray(department) && department.length, 20)
})

test('what tells one person from another is never listed', async (t) => {
  const service = await anyService(t)
  const person = {
    name: 'Olena',
    email: 'olena@example.com',
    userId: 'u1',
    message: 'Hi',
    company: 'ACME',
    city: 'Graz',
  }
  const told = { ...person, 'custom.phone': '+43 1' }
  await record(service, told, told)
  await service.sql('UPDATE decisions SET customer_id = 1') // who has written twice is still one person
  const seen = await values(service)
  for (const name of Object.keys(told)) t.strictSame(seen[name], [], name)
})

test('custom attributes are listed by name, with the values that customers share', async (t) => {
  const service = await anyService(t)
  const numbered = Array.from({ length: 51 }, (_, n) => ({
    'custom.number': n,
    'custom.seats': n % 50,
    'custom.tier': 'gold',
  }))
  await record(service, { 'custom.phone': '+43 1' }, { 'custom.phone': '+43 2' }, ...numbered, ...numbered)
  const seen = await values(service)
  t.strictSame(seen['custom.phone'], [], 'each customer has another one')
  t.strictSame(seen['custom.number'], [], 'there are too many for a vocabulary')
  t.match(seen['custom.seats'], { length: 20 })
  t.strictSame(seen['custom.tier'], [{ value: 'gold', count: 102 }])
  const { body } = await service.get('/v1/facts?limit=100')
  t.match(body.data.at(-1), { name: 'custom.tier', type: 'any', lookup: 'customer' })
})

test('of more than 200 custom attributes, those are listed that are seen most often', async (t) => {
  const service = await anyService(t)
  const names = Array.from({ length: 200 }, (_, n) => `custom.a${n}`)
  await record(service, { ...Object.fromEntries(names.map((name) => [name, 1])), 'custom.z': 1 }, { 'custom.z': 1 })
  const listed: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await service.get(`/v1/facts${cursor && `?cursor=${cursor}`}`)
    listed.push(...body.data.map(({ name }: { name: string }) => name))
    cursor = body.nextCursor
  }
  t.equal(listed.length, FACTS.length + 200)
  t.equal(listed.at(-1), 'custom.z')
})

test('at most 20 values of a fact are listed, of the newest 1,000 decisions', async (t) => {
  const service = await anyService(t)
  const facts = Array.from({ length: 1001 }, (_, n) => ({ country: `C${n % 30}`, plan: n === 0 ? 'free' : 'pro' }))
  await record(service, ...facts)
  const seen = await values(service)
  t.match(seen.country, { length: 20 })
  t.strictSame(seen.plan, [{ value: 'pro', count: 1000 }])
})

test('the list is paged like the others', async (t) => {
  const service = await anyService(t)
  await record(service)
  t.match((await service.get('/v1/facts')).body, { data: { length: 20 }, nextCursor: String })
  const { body: first } = await service.get('/v1/facts?limit=23')
  const { body: rest } = await service.get(`/v1/facts?limit=23&cursor=${first.nextCursor ?? ''}`)
  const all = [...first.data, ...(first.nextCursor === null ? [] : rest.data)]
  t.equal(all.length, FACTS.length)
  const { body: one } = await service.get('/v1/facts?limit=1')
  const { body: two } = await service.get(`/v1/facts?limit=1&cursor=${one.nextCursor}`)
  t.strictSame([one.data[0].name, two.data[0].name], ['event', 'language'])
})

test('pages leave nothing out and repeat nothing when other attributes are seen meanwhile', async (t) => {
  const service = await anyService(t)
  const longest = `custom.c${'ф'.repeat(248)}`
  await record(service, { 'custom.a': 1, 'custom.b': 1, [longest]: 1, 'custom.d': 1 })
  const { body: first } = await service.get(`/v1/facts?limit=${FACTS.length + 2}`)
  t.equal(first.data.at(-1).name, 'custom.b')
  await record(service, { 'custom.b': 1, [longest]: 1, 'custom.d': 1 })
  const { body: second } = await service.get(`/v1/facts?limit=1&cursor=${first.nextCursor}`)
  t.equal(second.data[0].name, longest, 'nothing is left out')
  await record(service, { 'custom.a': 1, 'custom.aa': 1, 'custom.b': 1, [longest]: 1, 'custom.d': 1 })
  const { body: third } = await service.get(`/v1/facts?cursor=${second.nextCursor}`)
  t.match(third, { data: [{ name: 'custom.d' }], nextCursor: null }, 'nothing is repeated')
})

test('an attribute whose name is too long for a rule is not listed', async (t) => {
  const service = await anyService(t)
  await record(service, { [`custom.${'x'.repeat(250)}`]: 1, 'custom.tier': 'gold' })
  const { body } = await service.get('/v1/facts?limit=100')
  t.strictSame(
    body.data.slice(FACTS.length).map(({ name }: { name: string }) => name),
    ['custom.tier'],
  )
})
