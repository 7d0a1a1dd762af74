import { readFileSync } from 'node:fs'

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

/** What `npm start` gives to Node: "exec node" left out. */
export const START_ARGS: readonly string[] = scripts.start.split(' ').slice(2)
