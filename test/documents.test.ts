import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { runRuleTests } from '../src/domain/rule-tests.ts'
import { readRule } from '../src/domain/validate-rule.ts'
import { Config } from '../src/plugins/config.ts'
import { SCENARIOS } from './chaos/scenarios.ts'
import { START_ARGS } from './support/start-command.ts'

const root = join(import.meta.dirname, '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).map((file) => ({ file, text: read(file) }))

/** All that a pattern's first group finds, with the document it stands in. */
function findAll(pattern: RegExp): { file: string; found: string }[] {
  return documents.flatMap(({ file, text }) => matchesOf(pattern, text).map((found) => ({ file, found })))
}

function matchesOf(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}

/** A heading's anchor as GitHub makes it. */
function anchorsOf(markdown: string): string[] {
  return matchesOf(/^#+ (.+)$/gm, markdown).map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('every link within the documents leads somewhere', async (t) => {
  const links = findAll(/\]\(([^)\s]+)\)/g).filter(({ found }) => !/^[a-z]+:/.test(found))
  t.ok(links.length >= 10, `${links.length} links`)
  for (const { file, found } of links) {
    const [path = '', anchor] = found.split('#')
    const target = path === '' ? file : join(dirname(file), path)
    t.ok(existsSync(join(root, target)), `${file}: ${found}`)
    if (anchor !== undefined) t.ok(anchorsOf(read(target)).includes(anchor), `${file}: ${found} is a heading`)
  }
})

test('every file that the documents name exists', async (t) => {
  const paths = findAll(/`(?:\.\/)?((?:src|test|prisma|rules|docs|\.ci)\/[^`\s*<>{}]*)`/g)
  t.ok(paths.length >= 30, `${paths.length} paths`)
  for (const { file, found } of paths) t.ok(existsSync(join(root, found)), `${file}: ${found}`)
})

test('every npm command in the documents exists', async (t) => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'))
  const commands = [...findAll(/\bnpm run ([a-z:]+)/g), ...findAll(/\bnpm (start|test)\b/g)]
  t.ok(commands.length >= 10, `${commands.length} commands`)
  for (const { file, found } of commands) t.ok(Object.hasOwn(scripts, found), `${file}: npm run ${found}`)
})

test('the settings in README.md are those of the schema, with their defaults', async (t) => {
  const required: readonly string[] = Config.required
  const inSchema = Object.entries(Config.properties).map(([name, schema]) => {
    const value: unknown = Reflect.get(schema, 'default')
    return [name, value === undefined ? (required.includes(name) ? 'required' : 'none') : `\`${value}\``]
  })
  const rows = read('README.md').matchAll(/^\| `([A-Z_]+)` +\| (\S+) +\| [^|]+\|$/gm)
  t.strictSame(
    [...rows].map(([, name, byDefault]) => [name, byDefault]),
    inSchema,
  )
})

test('the endpoints in README.md are those that exist', async (t) => {
  const sources = globSync('src/routes/*.ts', { cwd: root }).map(read).join('\n')
  const served = [...sources.matchAll(/\bapp\.(get|post|put|delete)\(\s*'([^']+)'/g)].map(
    ([, method = '', path = '']) => `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`,
  )
  t.ok(served.length >= 25, `${served.length} endpoints`)
  const [, section = ''] = read('README.md').split('## HTTP\n')
  const rows = matchesOf(/^\| (`[A-Z]+ \/[^|]*`) \|/gm, section)
  t.strictSame(rows.flatMap((row) => matchesOf(/`([A-Z]+ \/[^`]*)`/g, row)).sort(), served.sort())
})

test('README.md names each line of the log that somebody should be woken by, and none that is not logged', async (t) => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n')
  const errors = matchesOf(/\blog\.(?:error|fatal)\(.*'([a-z_]+\.[a-z_]+)'\)/g, sources)
  t.ok(errors.length >= 15, `${errors.length} lines`)
  const [, section = ''] = read('README.md').split('## Operating it\n')
  for (const line of errors) t.ok(section.includes(`\`${line}\``), line)
  const named = matchesOf(/`([a-z_]+\.[a-z_]+)`/g, section).filter(
    (name) => !/^(customer|chat|message|custom)\./.test(name),
  )
  t.ok(named.length >= 25, `${named.length} lines are named`)
  for (const line of named) t.match(sources, new RegExp(`\\blog\\.[a-z]+\\(.*'${line}'\\)`), line)
})

test('the rule in README.md is valid and its tests pass', async (t) => {
  const [example = ''] = matchesOf(/^```json\n(\{[\s\S]+?\n\})\n```$/gm, read('README.md'))
  const reading = readRule(JSON.parse(example))
  if (reading.kind === 'invalid') return t.strictSame(reading.problems, [])
  const results = await runRuleTests(reading.rule)
  t.equal(results.length, 2)
  t.strictSame(
    results.filter(({ passed }) => !passed),
    [],
  )
})

test('the reading order in ARCHITECTURE.md is nine files', async (t) => {
  const [, section = ''] = read('ARCHITECTURE.md').split('## Reading order')
  const files = matchesOf(/^\d\. `([^`]+)`/gm, section)
  t.equal(files.length, 9)
  for (const file of files) t.ok(existsSync(join(root, file)), file)
})

test('the promises in docs/reliability.md are the scenarios of the chaos suite', async (t) => {
  const promises = matchesOf(/^\| (P\d+) \|/gm, read('docs/reliability.md'))
  t.strictSame(
    promises,
    SCENARIOS.map(({ id }) => id),
  )
})

test('the quick form of each promise is played by a test', (t) => {
  const files = globSync('test/chaos/*.test.ts', { cwd: root })
  const played = files.flatMap((file) => matchesOf(/'(P\d+)'/g, read(file)))
  t.strictSame(played.toSorted(), SCENARIOS.map(({ id }) => id).toSorted())
  t.end()
})

test('the image and the handbook start the service as npm start does', (t) => {
  const built = START_ARGS.map((arg) => arg.replace(/^src\/(.*)\.ts$/, '$1.js'))
  t.ok(read('Dockerfile').includes(`CMD ${JSON.stringify(['node', ...built]).replaceAll(',', ', ')}`))
  t.ok(read('README.md').includes(`node_modules/.bin/node ${START_ARGS.join(' ')}`))
  t.end()
})
