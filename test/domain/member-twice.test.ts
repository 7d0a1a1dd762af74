import fc from 'fast-check'
import { test } from 'tap'
import { findMemberTwice } from '../../src/domain/member-twice.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)

test('a member that is there twice is found, however it is written and wherever it is', async (t) => {
  const texts: [json: string, pointer: string][] = [
    ['{"status":"draft","key":"a","status" : "enabled"}', '/status'],
    ['{"tests":[1,{"facts":{}},{"facts":{"plan":"a","plan":"b"}}]}', '/tests/2/facts/plan'],
    ['{"a":{"\\u0062":1,"b":2}}', '/a/b'],
    ['{"a/b":{"~":1,"~":1}}', '/a~1b/~0'],
    ['[[],[{"":1,"":2}]]', '/1/0/'],
    ['{"__proto__":1,"__proto__":2}', '/__proto__'],
  ]
  for (const [json, pointer] of texts) t.equal(findMemberTwice(json), pointer, json)
})

test('no JSON is found to have a member twice that has none, whatever its texts look like', async (t) => {
  t.comment(`seed ${seed} (again with FC_SEED=${seed})`)
  t.equal(findMemberTwice('{"a":"{\\"b\\":1,\\"b\\":2}","b":["\\\\","b","b"],"c":{"a":1,"b":"a"}}'), undefined)
  const law = fc.property(fc.jsonValue(), (value) => findMemberTwice(JSON.stringify(value, null, 1)) === undefined)
  t.doesNotThrow(() => fc.assert(law, { seed, numRuns: 500 }))
})

test('long texts and many levels are no trouble', async (t) => {
  t.equal(findMemberTwice(JSON.stringify({ a: '\n'.repeat(1_000_000) })), undefined)
  t.equal(findMemberTwice(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`), undefined)
})
