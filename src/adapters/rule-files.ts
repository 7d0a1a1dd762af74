import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findMemberTwice } from '../domain/member-twice.ts'
import { readUtf8 } from '../domain/utf8.ts'
import type { RuleFile } from '../services/import-rules.ts'

/** Editors find the schema of rule files here; it is not a rule. */
const SCHEMA_FILE = 'rule.schema.json'

/** Reads the `*.json` files of a folder but the hidden ones, which systems and editors leave there, in the order of their names. Throws without a folder. */
export async function readRulesDir(dir: string): Promise<RuleFile[]> {
  const isRule = (name: string) => name.endsWith('.json') && !name.startsWith('.') && name !== SCHEMA_FILE
  const names = (await readdir(dir)).filter(isRule).sort()
  return Promise.all(names.map((name) => readRuleFile(join(dir, name))))
}

async function readRuleFile(file: string): Promise<RuleFile> {
  const unreadable = (problem: string) => ({ file, json: undefined, problem })
  try {
    const text = readUtf8(await readFile(file))
    if (text === undefined) return unreadable('This is not UTF-8: save it as UTF-8')
    const json: unknown = JSON.parse(text)
    const twice = findMemberTwice(text)
    if (twice !== undefined) return unreadable(`${twice} is there twice: take one out`)
    return { file, json, problem: undefined }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return unreadable(error instanceof SyntaxError ? `This is not JSON: ${reason}` : `This cannot be read: ${reason}`)
  }
}
