/** A mistake as Ajv finds it. */
export interface Mistake {
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string | undefined
}

/** What is wrong, and so what to do, in words for people: for requests and for settings. */
export function describeMistake({ keyword, params, message = 'is not valid' }: Mistake): string {
  switch (keyword) {
    case 'required':
      return 'is missing'
    case 'enum':
      return `must be one of ${Array.isArray(params.allowedValues) ? params.allowedValues.join(', ') : ''}`
    case 'format':
      return params.format === 'date-time' ? 'must be a time with its zone, such as 2026-03-02T10:00:00Z' : WELL_FORMED
    case 'pattern':
      return WELL_FORMED
    case 'minLength':
      return params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`
    case 'maxLength':
      return `must have at most ${params.limit} characters`
    default:
      return message
  }
}

const WELL_FORMED = 'must be well-formed'
