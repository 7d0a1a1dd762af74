import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** What `npm start` gives to Node: "exec node" left out. */
export const START_ARGS: readonly string[] = scripts.start.split(' ').slice(2)

/** What the image gives to Node, for what `npm run build` has made: dist/, or a copy of it. */
export function builtArgs(dir = 'dist'): readonly string[] {
  if (dir === 'dist') buildOnce()
  return [...START_ARGS.slice(0, -1), `${dir}/main.js`]
}

/** What a program that the tests start gets of their environment. */
export function inherited(): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) }
}

/** Makes dist/, unless whoever has started this process has done so for all. */
export function buildOnce(): void {
  if (process.env.TEST_BUILT === 'yes') return
  execFileSync(process.execPath, ['build.ts'])
  process.env.TEST_BUILT = 'yes'
}
