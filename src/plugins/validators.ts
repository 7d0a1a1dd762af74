import AjvCompiler from '@fastify/ajv-compiler'
import type { FastifySchemaCompiler } from 'fastify'
import { isMoment } from '../domain/moment.ts'

type Validate = ReturnType<FastifySchemaCompiler<object>>

/** All mistakes at once, each with the schema of its place; nothing is silently dropped. */
const OPTIONS = { removeAdditional: false, allErrors: true, verbose: true } as const

/**
 * Fastify's own validators, each compiled when a request needs it first: to compile all takes 0.1 s of each start, and few of
 * them are ever asked. That each schema can be compiled is for the tests of its route to see.
 */
export function createValidators(): FastifySchemaCompiler<object> {
  const createCompiler = AjvCompiler()
  const compilerOf = (coerceTypes: boolean) =>
    createCompiler(
      {},
      { customOptions: { ...OPTIONS, coerceTypes }, onCreate: (ajv) => ajv.addFormat('date-time', isMoment) },
    )
  // The numbers of an address come as text; JSON has numbers.
  const compileAddress = compilerOf(true)
  const compileBody = compilerOf(false)
  return ({ schema, httpPart }) => {
    let compiled: Validate | undefined
    const validate: Validate = (data) => {
      compiled ??= (httpPart === 'body' ? compileBody : compileAddress)({ schema }) as Validate // two packages' names for one function
      const result = compiled(data)
      validate.errors = compiled.errors ?? null
      return result
    }
    return validate
  }
}
