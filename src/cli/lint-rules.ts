import { analyseRules } from '../domain/analysis/analyse.ts'
import { isJsonObject } from '../domain/json-object.ts'
import { readRuleFiles } from '../services/import-rules.ts'
import type { Output } from './output.ts'
import type { Settings } from './read-arguments.ts'
import { counted, placeOf, problemLine, readFolder } from './rules-folder.ts'
import { warningText } from './warning-text.ts'

/** `rules lint`: what is wrong with the folder, which fails, and what is likely not meant, which fails with `--strict` only. */
export async function lintRules(settings: Settings, output: Output): Promise<number> {
  const files = await readFolder(settings.dir)
  const reading = await readRuleFiles(files)
  const problems = reading.kind === 'invalid' ? reading.problems : []
  const found = reading.kind === 'valid' ? analyseRules(reading.rules, {}) : []
  const fileOf = new Map(files.map(({ file, json }) => [isJsonObject(json) ? json.key : undefined, file]))
  const warnings = found.map((warning) => ({ file: fileOf.get(warning.rule) ?? '', ...warning }))
  if (settings.json) output.line(JSON.stringify({ errors: problems, warnings }, null, 2))
  else {
    for (const problem of problems) output.line(`${output.paint('red', 'error')}   ${problemLine(problem)}`)
    for (const warning of warnings) {
      output.line(`${output.paint('yellow', 'warning')} ${placeOf(warning.file, warning)}: ${warningText(warning)}`)
    }
    const notLookedFor = problems.length === 0 ? '' : '; warnings are looked for once there is no error'
    output.line(
      `${counted(files.length, 'file')}: ${counted(problems.length, 'error')}, ` +
        `${counted(warnings.length, 'warning')}${notLookedFor}`,
    )
  }
  return problems.length > 0 || (settings.strict && warnings.length > 0) ? 1 : 0
}
