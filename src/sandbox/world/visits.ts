import type { Random } from '../simulator/seeded-random.ts'
import { ENGLISH_RESIDENTS } from './english-residents.ts'
import { GERMAN_AND_UKRAINIAN_RESIDENTS } from './german-and-ukrainian-residents.ts'
import type { Resident } from './resident.ts'
import { WORLD_RESIDENTS } from './world-residents.ts'

/** A customer who comes to the chat and what they write first. */
export interface Visit {
  readonly customer: Resident['customer']
  readonly text: string
}

/** Every customer of the sandbox. */
export const RESIDENTS: readonly Resident[] = [
  ...GERMAN_AND_UKRAINIAN_RESIDENTS,
  ...ENGLISH_RESIDENTS,
  ...WORLD_RESIDENTS,
]

/** Visits without end: everybody comes once, in an order drawn anew, before anybody comes again. */
export function* visits(random: Random): Generator<Visit, never> {
  while (true) {
    for (const { customer, messages } of shuffled(RESIDENTS, random)) {
      const text = messages[Math.floor(random() * messages.length)]
      if (text === undefined) throw new Error(`customer ${customer.id} of the sandbox has no message`)
      yield { customer, text }
    }
  }
}

/** Sorting by a number drawn for each is fair and needs no swapping. */
function shuffled<T>(entries: readonly T[], random: Random): T[] {
  const drawn = entries.map((entry) => ({ entry, place: random() }))
  return drawn.sort((one, other) => one.place - other.place).map(({ entry }) => entry)
}
