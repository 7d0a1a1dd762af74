import type { ExpectedVersion } from '../services/change-rules.ts'

export type IfMatch =
  | { readonly kind: 'given'; readonly expected: ExpectedVersion }
  | { readonly kind: 'absent' }
  | { readonly kind: 'malformed' }

/** The versions in an `If-Match` header (RFC 9110, section 13.1.1). Tags that are not of ours, weak ones among them, match nothing. */
export function readIfMatch(header: string | undefined): IfMatch {
  if (header === undefined) return { kind: 'absent' }
  if (header.trim() === '*') return { kind: 'given', expected: 'any' }
  const tags = header.split(',').map((tag) => tag.trim())
  if (!tags.every((tag) => /^(W\/)?"[^"]*"$/.test(tag))) return { kind: 'malformed' }
  return { kind: 'given', expected: tags.flatMap((tag) => /^"(\d{1,9})"$/.exec(tag)?.slice(1).map(Number) ?? []) }
}
