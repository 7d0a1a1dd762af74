import { enableCompileCache } from 'node:module'
import { styleText } from 'node:util'
import { loadEnvFile } from '../load-env-file.ts'
import type { Output } from './output.ts'

// npm run rules: the folder of rule files against a running service, with the settings of the environment and of .env.
loadEnvFile()
enableCompileCache()
for (const stream of [process.stdout, process.stderr]) stream.on('error', passOverClosedPipe)

const paint: Output['paint'] = (format, text) => styleText(format, text, { stream: process.stdout })

const { runRules } = await import('./run-rules.ts')
process.exitCode = await runRules(process.argv.slice(2), process.env, {
  colour: paint('red', 'x') !== 'x', // whatever Node makes of the terminal, NO_COLOR and FORCE_COLOR
  line: (text) => process.stdout.write(`${text}\n`),
  problem: (text) => process.stderr.write(`${text}\n`),
  paint,
})

/** Nobody reads on (`| head`): what is under way, writes above all, is finished all the same. */
function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
