import fc from 'fast-check'
import type { Conditions, Leaf } from '../../src/domain/conditions.ts'
import type { Facts, FactValue } from '../../src/domain/facts.ts'

/** Told by the event alone, by the customer lookup and by the chat lookup; of every type. */
const FACT_NAMES = ['event', 'language', 'tags', 'blocked', 'custom.seats', 'department', 'message']

const WORDS = ['vip', 'beta', 'de', 'Die Rechnung fehlt!', 'мій рахунок', 'café', 'true', '12', '12.0', '-3', '3.5', '']

/** The same text as people write it: in other case, in full width, decomposed, with blanks around it. */
const writtenText = fc
  .tuple(
    fc.constantFrom(...WORDS),
    fc.constantFrom(
      (text: string) => text,
      (text: string) => text.toUpperCase(),
      (text: string) => ` ${text}\u00a0`,
      (text: string) => text.normalize('NFD'),
      toFullWidth,
    ),
  )
  .map(([text, write]) => write(text))

const number = fc.constantFrom(-3, 0, 3.5, 12, 13)
const textOrNumber = fc.oneof(writtenText, number)

const factValue: fc.Arbitrary<FactValue> = fc.oneof(
  { weight: 4, arbitrary: writtenText },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 3, arbitrary: fc.array(textOrNumber, { maxLength: 3 }) },
)

/** Some facts known, of any type, also of types that an operator cannot apply to; some known not to exist. */
export const someFacts: fc.Arbitrary<Facts> = fc
  .array(fc.tuple(fc.constantFrom(...FACT_NAMES), fc.option(factValue, { freq: 8 })), { maxLength: 15 })
  .map((entries) => Object.fromEntries(entries))

const fact = fc.constantFrom(...FACT_NAMES)
const shortList = fc.array(textOrNumber, { minLength: 1, maxLength: 3 })
const range = fc.tuple(number, number).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)])
const order = fc.constantFrom('lessThan', 'lessThanInclusive', 'greaterThan', 'greaterThanInclusive')
const listOperator = fc.constantFrom('in', 'notIn', 'containsAny', 'containsAll', 'containsNone')
const textOperator = fc.constantFrom('startsWith', 'endsWith', 'includesText')

const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.record({ fact, operator: fc.constantFrom('equal', 'notEqual'), value: fc.oneof(textOrNumber, fc.boolean()) }),
  fc.record({ fact, operator: order, value: fc.oneof(number, fc.constantFrom('12', ' 3.5', '１３')) }),
  fc.record({ fact, operator: listOperator, value: shortList }),
  fc.record({ fact, operator: fc.constantFrom('contains', 'doesNotContain'), value: textOrNumber }),
  fc.record({ fact, operator: textOperator, value: fc.oneof(writtenText, fc.constantFrom('v', '1', 'E', 'рах')) }),
  fc.record({
    fact,
    operator: fc.constant('includesWord'),
    value: fc.constantFrom('VIP', 'rechnung', 'die  rechnung', 'Рахунок', 'рах', 'fehlt die', 'CAFE\u0301'),
  }),
  // Patterns that mean the same to RE2 and to JavaScript, which the reference uses.
  fc.record({
    fact,
    operator: fc.constant('matches'),
    value: fc.constantFrom('^vip$', 'rechnung|beta', '[0-9]+', 'РАХ', 'é$', '^$', 't.u'),
  }),
  fc.record({ fact, operator: fc.constant('between'), value: range }),
  fc.record({ fact, operator: fc.constantFrom('exists', 'missing') }),
)

/** Trees of every shape, up to four groups deep. */
export const someConditions: fc.Arbitrary<Conditions> = fc.letrec<{ node: Conditions }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    { weight: 2, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ all: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ any: fc.array(tie('node'), { minLength: 1, maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ not: tie('node') }) },
  ),
})).node

/** ASCII in the full-width forms that Japanese keyboards write. */
function toFullWidth(text: string): string {
  return text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)).replaceAll(' ', '\u3000')
}
