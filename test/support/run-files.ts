import './untracked-promises.ts' // it has to come before tap
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'tap'
import { endFile, scopeByFile } from './scope.ts'

// Runs test files, one after the other, as long as there are any that no other process has taken: `run-files.ts CLAIMS FILE...`,
// CLAIMS being an empty folder. A few processes run them all: one loads tap and the whole service once, which takes longer than
// most files do.
const [claims = '', ...files] = process.argv.slice(2)

scopeByFile()
takeNext()

function takeNext(): void {
  // Itself a test: tests of the file it loads come after it, and before the next file.
  void test('next file', async (t) => {
    await endFile()
    const file = files.find(isMine)
    if (file === undefined) return
    t.comment(file)
    try {
      await import(resolve(file))
    } finally {
      takeNext()
    }
  })
}

/** Takes a file that nobody has taken. */
function isMine(file: string): boolean {
  try {
    mkdirSync(resolve(claims, encodeURIComponent(file)))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}
