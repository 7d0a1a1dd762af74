import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'

/**
 * Takes the settings of `.env`, if there is one; those of the environment go first, but for empty ones, which are not set. Ends
 * the process when it cannot be read.
 */
export function loadEnvFile(): void {
  if (!existsSync('.env')) return
  // Node's own loadEnvFile takes the mark that some editors put before the text for a part of the first name.
  const settings = parseEnv(readText().replace(/^\uFEFF/, ''))
  for (const [name, value] of Object.entries(settings)) process.env[name] ||= value
}

function readText(): string {
  try {
    const text = readFileSync('.env', 'utf8')
    if (!text.includes('\0')) return text
    return end('is not UTF-8: save it as UTF-8.')
  } catch {
    return end('cannot be read. It must be a file that the user who runs this may read.')
  }
}

function end(problem: string): never {
  console.error(`${resolve('.env')} ${problem}`)
  process.exit(1)
}
