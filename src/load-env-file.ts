import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

/** Takes the settings of `.env`, if there is one; those of the environment go first. Ends the process when it cannot be read. */
export function loadEnvFile(): void {
  if (!existsSync('.env')) return
  try {
    process.loadEnvFile('.env')
  } catch {
    // Node says that there is no such file, whatever is in the way.
    console.error(`${resolve('.env')} cannot be read. It must be a file that the user who runs this may read.`)
    process.exit(1)
  }
}
