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
      const text = await readFile(file, 'utf8')
      try {
        return { file, json: JSON.parse(text) as unknown, parseProblem: undefined }
      } catch (error) {
        return { file, json: undefined, parseProblem: error instanceof Error ? error.message : String(error) }
      }
    }),
  )
}
