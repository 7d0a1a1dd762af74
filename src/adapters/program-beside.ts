import type { ChildProcess, Serializable } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'

/**
 * A file that runs by itself, in a process or a thread of its own: beside the one whose `import.meta.url` is given, `.ts` among
 * the sources and `.js` in the bundle, where all files lie side by side.
 */
export function programBeside(url: string, name: string): URL {
  return new URL(`${name}${extname(url)}`, url)
}

export interface ProgramFailure {
  readonly kind: 'failed'
  readonly message: string
}

/** Tells a program of ours, called `name`, what to do, and gives what it answers first; one that ends before that has failed. */
export async function instruct<Report>(
  program: ChildProcess,
  name: string,
  order: Serializable,
): Promise<Report | ProgramFailure> {
  program.send(order)
  const [report] = (await Promise.race([
    once(program, 'message'),
    ended(program).then((how) => [{ kind: 'failed', message: `its ${name} ${how}` }]),
  ])) as [Report | ProgramFailure] // what a program sends is typed there
  return report
}

/** How it ended, once it has: "was ended by SIGKILL". */
export async function ended(program: ChildProcess): Promise<string> {
  const [code, signal] = (await once(program, 'exit')) as [number | null, NodeJS.Signals | null]
  return code === null ? `was ended by ${signal}` : `ended with code ${code}`
}
