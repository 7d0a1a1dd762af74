const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Characters that take two columns (Unicode Standard Annex 11), as far as names and messages have them. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u

/** How many columns a text takes in a terminal. */
function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += widthOf(segment)
  return width
}

/** A text on exactly that many columns: cut with an ellipsis where it is too long, filled with blanks where it is too short. */
export function fit(text: string, columns: number): string {
  const line = text.replaceAll(/\p{Cc}+/gu, ' ')
  const width = displayWidth(line)
  if (width <= columns) return line + ' '.repeat(columns - width)
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(line)) {
    if (used + widthOf(segment) > columns - 1) break
    kept += segment
    used += widthOf(segment)
  }
  return `${kept}…${' '.repeat(columns - 1 - used)}`
}

function widthOf(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : 1
}
