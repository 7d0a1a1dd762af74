/** An object of parsed JSON. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a parsed JSON value is an object; lists and null are not. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
