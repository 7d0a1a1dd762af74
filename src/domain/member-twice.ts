import { pointerTo } from './problem.ts'

/**
 * The pointer of the first member that an object has twice, in a text that is JSON. Of the two, JSON.parse keeps the last and
 * says nothing.
 */
export function findMemberTwice(json: string): string | undefined {
  const path: { step: string | number; readonly names: Set<string> }[] = []
  let text = ''
  for (let at = 0; at < json.length; at++) {
    const sign = json[at]
    const place = path.at(-1)
    if (sign === '"') {
      const start = at
      at = endOfText(json, start)
      text = json.slice(start, at + 1)
    } else if (sign === '{') path.push({ step: '', names: new Set() })
    else if (sign === '[') path.push({ step: 0, names: new Set() })
    else if (sign === '}' || sign === ']') path.pop()
    else if (sign === ',' && typeof place?.step === 'number') place.step += 1
    else if (sign === ':' && place !== undefined) {
      place.step = String(JSON.parse(text))
      if (place.names.has(place.step)) return path.reduce((pointer, { step }) => pointerTo(pointer, step), '')
      place.names.add(place.step)
    }
  }
  return undefined
}

function endOfText(json: string, start: number): number {
  let end = start + 1
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1
  return end
}
