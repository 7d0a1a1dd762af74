const UTF_8 = new TextDecoder('utf-8', { fatal: true })

/** The text of bytes, without the mark that some editors put before it; undefined when they are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF_8.decode(bytes)
  } catch {
    return undefined
  }
}
