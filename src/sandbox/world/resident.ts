import type { CustomerFields } from '../simulator/customer-script.ts'

/** An invented customer of the sandbox and what they write about. */
export interface Resident {
  readonly customer: CustomerFields & { readonly id: number }
  /** One is chosen for each visit. */
  readonly messages: readonly string[]
}
