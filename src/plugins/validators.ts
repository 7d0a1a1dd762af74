import AjvCompiler from '@fastify/ajv-compiler'
import type { FastifySchemaCompiler } from 'fastify'

type Validate = ReturnType<FastifySchemaCompiler<object>>

/** All mistakes at once; numbers of a query come as text; nothing is silently dropped. */
const OPTIONS = { removeAdditional: false, allErrors: true, coerceTypes: true } as const

/**
 * Fastify's own validators, each compiled when a request needs it first: to compile all takes 0.1 s of each start, and few of
 * them are ever asked. That each schema can be compiled is for the tests of its route to see.
 */
export function createValidators(): FastifySchemaCompiler<object> {
  const compile = AjvCompiler()({}, { customOptions: OPTIONS })
  return ({ schema }) => {
    let compiled: Validate | undefined
    const validate: Validate = (data) => {
      compiled ??= compile({ schema }) as Validate // two packages' names for one function
      const result = compiled(data)
      validate.errors = compiled.errors ?? null
      return result
    }
    return validate
  }
}
