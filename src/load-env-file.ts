import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'

/** Takes the settings of `.env`, if there is one; those of the environment go first. Ends the process when it cannot be read. */
export function loadEnvFile(): void {
  if (!existsSync('.env')) return
  // Node's own loadEnvFile takes the mark that some editors put before the text for a part of the first name.
  const settings = parseEnv(readText().replace(/^\uFEFF/, ''))
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value
}

function readText(): string {
  try {
    return readFileSync('.env', 'utf8')
  } catch {
    console.error(`${resolve('.env')} cannot be read. It must be a file that the user who runs this may read.`)
    process.exit(1)
  }
}
