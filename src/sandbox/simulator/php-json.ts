/**
 * JSON as PHP's `json_encode` writes it by default: `/` as `\/` and everything beyond ASCII as lower-case `\uXXXX`,
 * in surrogate pairs. HelpCrunch's sender is PHP, so a receiver that re-serialises gets other bytes than were signed.
 */
export function phpJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
