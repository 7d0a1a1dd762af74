import { extname } from 'node:path'

/**
 * A file that runs by itself, in a process or a thread of its own: beside the one whose `import.meta.url` is given, `.ts` among
 * the sources and `.js` in the bundle, where all files lie side by side.
 */
export function programBeside(url: string, name: string): URL {
  return new URL(`${name}${extname(url)}`, url)
}
