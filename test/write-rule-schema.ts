import { writeFile } from 'node:fs/promises'
import { ruleJsonSchema } from '../src/domain/rule-schema.ts'

// npm run schema: writes rules/rule.schema.json anew, after the schema of rules has changed.
await writeFile('rules/rule.schema.json', `${JSON.stringify(ruleJsonSchema(), null, 2)}\n`)
