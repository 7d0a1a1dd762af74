import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import type pg from 'pg'
import { PRISMA_DIR } from './schema-migrations.ts'

/**
 * Prisma's schema engine in WebAssembly: the native one is a download from a host that closed networks do not reach.
 * It lives as long as its pool. One for each process or thread: its bindings keep their instance in module variables.
 */
export async function openSchemaEngine(pool: pg.Pool): Promise<SchemaEngine> {
  const { SchemaEngine } = await loadBindings()
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool))
  const datamodels: [string, string][] = [['schema.prisma', await readFile(join(PRISMA_DIR, 'schema.prisma'), 'utf8')]]
  return SchemaEngine.new({ datamodels }, () => {}, adapter)
}

async function loadBindings() {
  const module = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const packageDir = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
  const wasm = readFileSync(join(packageDir, 'schema_engine_bg.wasm'))
  const imports = Object.fromEntries(Object.entries(module).map(([name, value]) => [name, withoutWaiting(name, value)]))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': imports })
  module.__wbg_set_wasm(instance.exports)
  const start = instance.exports.__wbindgen_start
  if (typeof start === 'function') start()
  return module
}

/** The engine never clears the timer for its lock: 10 s during which a process that is done would not end. */
function withoutWaiting(name: string, value: unknown): unknown {
  if (!name.startsWith('__wbg_setTimeout')) return value
  return (callback: () => void, ms: number) => setTimeout(callback, ms).unref()
}
