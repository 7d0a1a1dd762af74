import { createRequire } from 'node:module'
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

// Holds the imports of src against the layers of .dependency-cruiser.cjs. A check that saw nothing has failed: with a
// TypeScript it does not know, dependency-cruiser looks at no module and is content.
const MODULES_MIN = 50

const configuration = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as IConfiguration
const { output } = await cruise(
  ['src'],
  { ...configuration.options, ruleSet: configuration, validate: true },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
)
const { summary, modules } = output as ICruiseResult // with no reporter asked for, it is the result itself
const ours = modules.filter(({ source }) => source.startsWith('src/')).length
for (const { from, to, rule } of summary.violations) console.error(`${rule.name}: ${from} -> ${to}`)
console.log(`${ours} modules of src looked at, ${summary.violations.length} violations`)
process.exitCode = summary.violations.length === 0 && ours >= MODULES_MIN ? 0 : 1
