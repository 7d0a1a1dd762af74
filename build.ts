import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

// npm run build: makes dist/, the service in a few files with all it needs but these packages. 1,500 files take twice as long to load.
const PROGRAMS = [
  'src/main.ts',
  'src/adapters/embedded-postgres/keeper.ts',
  'src/adapters/analysis-worker.ts',
  'src/adapters/backtest-worker.ts',
  'src/adapters/prisma/migrator.ts',
]
/** They look for files of their own when they run. */
const PACKAGES = ['@fastify/swagger-ui', '@prisma/schema-engine-wasm', 'eld', 'embedded-postgres', 'pino']
/** Offered to others' optional features, which nobody uses here. */
const UNUSED = ['pg-native', 'typescript']
/** Packages in CommonJS ask for Node's own modules when they run. */
const REQUIRE = `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(import.meta.url)`

await rm('dist', { recursive: true, force: true })
await build({
  ...{ entryPoints: PROGRAMS, outdir: 'dist', entryNames: '[name]', external: [...PACKAGES, ...UNUSED] },
  ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node24', banner: { js: REQUIRE } },
  // Names stay, so a stack trace can be read; with NODE_OPTIONS=--enable-source-maps it tells the lines, for 17 MB of memory.
  ...{
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    sourcemap: 'linked',
    sourcesContent: false,
  },
})
for (const name of ['schema.prisma', 'migrations'])
  await cp(`prisma/${name}`, `dist/prisma/${name}`, { recursive: true })
const { name, version, license, type, imports, dependencies } = JSON.parse(await readFile('package.json', 'utf8'))
const kept = Object.fromEntries(PACKAGES.map((packageName) => [packageName, dependencies[packageName]]))
const description = { name, version, license, private: true, type, imports, dependencies: kept }
await writeFile('dist/package.json', `${JSON.stringify(description, null, 2)}\n`)
