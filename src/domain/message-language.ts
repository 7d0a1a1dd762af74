import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

type Detector = typeof import('eld/extrasmall').eld

/** eld reads no more than this. */
const CHARACTERS_MAX = 1_000
/** Of 100 short support messages in 17 languages eld was "reliable" but wrong on 6, on none from 15 letters on. */
const LETTERS_MIN = 15
/** A Chinese, Japanese or Korean character says about as much as four letters of an alphabet. */
const LETTERS_PER_IDEOGRAPH = 4

/** Addresses and codes are in no language, but eld is sure that a bare link to an attachment is Portuguese. */
const NOT_LANGUAGE = /(?:https?:\/\/|www\.)\S+|[^\s@]+@\S+|\b[a-z-]*\d[a-z\d-]*/gi
const LETTER = /\p{L}/gu
const IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu

let loaded: Detector | undefined

/** The ISO 639-1 code of a text's language; undefined unless the text is long enough and the detector (eld) is sure. */
export function detectLanguage(text: string): string | undefined {
  // Some keyboards write accents as signs of their own, which eld does not know: Vietnamese would be Tagalog.
  const words = text.normalize('NFKC').slice(0, CHARACTERS_MAX).replace(NOT_LANGUAGE, ' ')
  const letters = count(words, LETTER) + count(words, IDEOGRAPH) * (LETTERS_PER_IDEOGRAPH - 1)
  if (letters < LETTERS_MIN) return undefined
  loaded ??= loadDetector()
  const detected = loaded.detect(words)
  return detected.isReliable() ? detected.language : undefined
}

/**
 * Loading takes 150 ms and 30 MB of heap, so a process that sees no message never does it. This is the smallest of
 * eld's databases; the others (up to 830 ms and 135 MB) were no better on messages of that length. `require` loads at
 * once, where `import()` would make everything above asynchronous; eld offers itself to `import` only, hence `resolve`.
 */
function loadDetector(): Detector {
  const path = fileURLToPath(import.meta.resolve('eld/extrasmall'))
  // `require` knows no types; the path is the one that the type names.
  const module = createRequire(import.meta.url)(path) as typeof import('eld/extrasmall')
  return module.eld
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}
