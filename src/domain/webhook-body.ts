import { parse } from 'secure-json-parse'
import { readUtf8 } from './utf8.ts'

export type BodyReading =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'unreadable'; readonly problem: string }

/** HelpCrunch's own documents are four levels deep. */
const DEPTH_MAX = 32

/** Decodes and parses the bytes of a webhook whose signature was good. Bad UTF-8 is an error, never a replacement character. */
export function readWebhookBody(bytes: Uint8Array): BodyReading {
  const text = readUtf8(bytes)
  return text === undefined ? { kind: 'unreadable', problem: 'the body is not UTF-8' } : readWebhookText(text)
}

/** The same for a body that has been decoded. */
export function readWebhookText(text: string): BodyReading {
  let value: unknown
  try {
    value = parse(text, { protoAction: 'remove', constructorAction: 'remove' })
  } catch {
    return { kind: 'unreadable', problem: 'the body is not JSON' }
  }
  if (isDeeperThan(value, DEPTH_MAX))
    return { kind: 'unreadable', problem: `the body is nested deeper than ${DEPTH_MAX} levels` }
  return { kind: 'json', value }
}

/** Objects and lists within one another, level by level and not by recursion: text nested a hundred thousand deep must not end the stack. */
function isDeeperThan(value: unknown, depthMax: number): boolean {
  let level = [value].filter(isContainer)
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > depthMax) return true
    level = level.flatMap((item) => Object.values(item)).filter(isContainer)
  }
  return false
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
