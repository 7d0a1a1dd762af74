import { Check } from 'typebox/value'
import { LEAF_SCHEMAS, type OperatorName } from './conditions.ts'
import type { FactType } from './facts.ts'
import { patternOf, readPattern } from './pattern.ts'
import { quoted } from './problem.ts'
import { numberOf, wordsOf } from './text.ts'
import { descriptionOf } from './validate-structure.ts'

/** What is wrong with a leaf's value for its operator and the type of its fact (undefined when the fact is not known). */
export function valueProblem(operator: OperatorName, value: unknown, type: FactType | undefined): string | undefined {
  const schema = LEAF_SCHEMAS.find(({ properties }) => properties.operator.enum.some((name) => name === operator))
  const valueSchema = schema?.properties.value
  if (valueSchema === undefined) return undefined
  const isPresence = operator === 'exists' || operator === 'missing'
  if (value === undefined) {
    return isPresence ? undefined : `value is missing. ${operator} takes ${descriptionOf(valueSchema)}.`
  }
  if (!Check(valueSchema, value)) {
    return roundedProblem(value, type) ?? `It is ${quoted(value)}. ${operator} takes ${descriptionOf(valueSchema)}.`
  }
  if (isPresence) return undefined
  return typeProblem(value, type) ?? contentProblem(operator, value)
}

function roundedProblem(value: unknown, type: FactType | undefined): string | undefined {
  const rounded = listOf(value).find((one) => Number.isInteger(one) && !Number.isSafeInteger(one))
  if (rounded === undefined) return undefined
  const advice =
    type === 'number' ? 'No id of HelpCrunch is so large.' : 'Give it in quotes, as GET /v1/facts shows it.'
  return `${rounded} is too large to be kept exactly. ${advice}`
}

function typeProblem(value: unknown, type: FactType | undefined): string | undefined {
  if (type === 'number' && !listOf(value).every((one) => typeof one === 'number')) {
    return `It is ${quoted(value)}, and the fact is a number. Give numbers without quotes.`
  }
  if (type === 'boolean' && typeof value !== 'boolean') {
    return `It is ${quoted(value)}, and the fact is true or false. Give true or false, without quotes.`
  }
  if (type === 'text' && typeof value === 'boolean') {
    return `It is ${quoted(value)}, and the fact is text. Give text, in quotes.`
  }
  return undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** What a schema cannot say about the value. */
function contentProblem(operator: OperatorName, value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const [low, high] = value.map(numberOf)
    if (operator !== 'between' || low === undefined || high === undefined || low <= high) return undefined
    return `It goes from ${low} down to ${high} and would match nothing. Put the smaller number first.`
  }
  if (typeof value !== 'string') return undefined
  if (operator === 'includesWord' && wordsOf(value).length === 0) {
    return `There is no word in ${quoted(value)}. Use includesText to look for signs.`
  }
  if (operator !== 'matches') return undefined
  const rewritten = [...value.normalize('NFC')].find((sign) => sign.normalize('NFKC') !== sign)
  if (rewritten !== undefined) {
    const read = rewritten.normalize('NFKC')
    return `No text has ${quoted(rewritten)} in it when it is read: it is ${quoted(read)} then. The pattern for that is ${quoted(patternOf(read))}.`
  }
  const pattern = readPattern(value)
  return pattern.kind === 'refused' ? `The pattern is refused: ${pattern.why}.` : undefined
}
