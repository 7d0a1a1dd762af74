import { type RuleTestResult, runRuleTests } from '../domain/rule-tests.ts'
import { readRule } from '../domain/validate-rule.ts'
import type { FileProblem, RuleFile } from '../services/import-rules.ts'
import type { Output } from './output.ts'
import type { Settings } from './read-arguments.ts'
import { counted, placeOf, problemLine, readFolder } from './rules-folder.ts'

/** `rules test`: runs the tests in all rule files, whatever the status of the rule. */
export async function testRules(settings: Settings, output: Output): Promise<number> {
  const files = await readFolder(settings.dir)
  const runs = await Promise.all(files.map(runFile))
  const problems = runs.flatMap((run) => (run.kind === 'invalid' ? run.problems : []))
  const results = runs.flatMap((run) => (run.kind === 'run' ? run.results : []))
  const failed = results.filter(({ passed }) => !passed)
  if (settings.json) output.line(JSON.stringify({ problems, tests: results }, null, 2))
  else {
    for (const problem of problems) output.problem(problemLine(problem))
    for (const { file, pointer, name, expect, actual, why } of failed) {
      const place = placeOf(file, { pointer })
      const says = `"${name}" expects ${expect}, the rule says ${actual}${why === undefined ? '' : `. ${why}`}`
      output.line(`${output.paint('red', 'failed')} ${place}: ${says}`)
    }
    output.line(
      `${counted(results.length, 'test')} in ${counted(files.length, 'file')}: ` +
        `${results.length - failed.length} passed, ${failed.length} failed` +
        `${problems.length === 0 ? '' : `, ${counted(problems.length, 'problem')} in files that are not valid`}`,
    )
  }
  return failed.length === 0 && problems.length === 0 ? 0 : 1
}

type FileRun =
  | { readonly kind: 'run'; readonly results: readonly (RuleTestResult & { rule: string; file: string })[] }
  | { readonly kind: 'invalid'; readonly problems: readonly FileProblem[] }

async function runFile({ file, json, problem }: RuleFile): Promise<FileRun> {
  if (problem !== undefined) {
    return { kind: 'invalid', problems: [{ file, pointer: '', message: `${problem}.` }] }
  }
  const reading = readRule(json)
  if (reading.kind === 'invalid') {
    return { kind: 'invalid', problems: reading.problems.map((problem) => ({ file, ...problem })) }
  }
  const { rule } = reading
  return { kind: 'run', results: (await runRuleTests(rule)).map((result) => ({ rule: rule.key, file, ...result })) }
}
