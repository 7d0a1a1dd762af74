import { readdir, readFile } from 'node:fs/promises'
import { test } from 'tap'
import { Compile } from 'typebox/schema'
import { ruleJsonSchema } from '../../src/domain/rule-schema.ts'
import { buildRule } from './rule-builder.ts'

const SCHEMA_FILE = 'rule.schema.json'
const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(`rules/${file}`, 'utf8'))

test('the schema of rule files is the one that validates them: if not, run npm run schema', async (t) => {
  t.equal(JSON.stringify(await read(SCHEMA_FILE)), JSON.stringify(ruleJsonSchema()))
})

test('an editor accepts the rule files there are', async (t) => {
  const schema = Compile(ruleJsonSchema() as object)
  const files = (await readdir('rules')).filter((file) => file.endsWith('.json') && file !== SCHEMA_FILE)
  t.ok(files.length > 0)
  for (const file of files) t.ok(schema.Check(await read(file)), file)
})

test('an editor marks what a rule must not have', async (t) => {
  const schema = Compile(ruleJsonSchema() as object)
  const leaf = { fact: 'language', operator: 'equal', value: 'de' }
  const nested = (inner: object) => ({ all: [{ any: [leaf, { not: inner }] }] })
  t.ok(schema.Check({ ...buildRule(), conditions: nested({ ...leaf, fact: 'custom.seats', value: 3 }) }))
  const wrong: Record<string, object> = {
    'an unknown property': { departement: 7 },
    'an unknown fact, however deep': { conditions: nested({ ...leaf, fact: 'langauge' }) },
    'an unknown operator': { conditions: nested({ ...leaf, operator: 'equals' }) },
    'a value that the operator does not take': { conditions: nested({ ...leaf, operator: 'in' }) },
    'a path': { conditions: nested({ ...leaf, path: '$.a' }) },
    'an empty group': { conditions: nested({ all: [] }) },
    'a priority out of range': { priority: 0 },
  }
  for (const [what, parts] of Object.entries(wrong)) t.notOk(schema.Check({ ...buildRule(), ...parts }), what)
})
