/**
 * Whether HELPCRUNCH_API_URL leads to HelpCrunch's API, as far as one process has seen. An address that does not may answer each
 * call with "not found", where only the version is missing in HelpCrunch's own words: until something was there, that tells
 * nothing about a chat.
 */
export interface ApiAddress {
  /** Notes that something was there. */
  confirm(): void
  /** Looks for the departments when nothing was there yet. */
  isConfirmed(): Promise<boolean>
}

/** `look` asks for something that is there in each account, and notes that it was there. */
export function createApiAddress(look: () => Promise<unknown>): ApiAddress {
  let hasBeenThere = false
  return {
    confirm() {
      hasBeenThere = true
    },
    async isConfirmed() {
      if (!hasBeenThere) await look()
      return hasBeenThere
    },
  }
}
