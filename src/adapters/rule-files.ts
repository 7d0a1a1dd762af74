import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RuleFile } from '../services/import-rules.ts'

/** Editors find the schema of rule files here; it is not a rule. */
const SCHEMA_FILE = 'rule.schema.json'

/** Reads the `*.json` files of a folder, in the order of their names. Throws when there is no such folder. */
export async function readRulesDir(dir: string): Promise<RuleFile[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json') && name !== SCHEMA_FILE).sort()
  return Promise.all(
    names.map(async (name) => {
      const file = join(dir, name)
      try {
        return { file, json: JSON.parse(await readFile(file, 'utf8')) as unknown, problem: undefined }
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        const problem = error instanceof SyntaxError ? `This is not JSON: ${reason}` : `This cannot be read: ${reason}`
        return { file, json: undefined, problem }
      }
    }),
  )
}
