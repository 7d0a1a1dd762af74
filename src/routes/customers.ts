import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ERASE_CUSTOMER } from './schemas/people-operations.ts'

/** `DELETE /v1/customers/{id}`: erases what is kept of a customer. */
const customers: FastifyPluginAsyncTypebox = async (app) => {
  const params = Type.Object({
    id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "HelpCrunch's id of the customer." }),
  })
  app.delete(
    '/v1/customers/:id',
    { config: { role: 'admin', operation: ERASE_CUSTOMER }, schema: { params } },
    async ({ params: { id }, identity }, reply) => {
      const result = await app.services.eraseCustomer(id, identity)
      if (result.kind === 'erased') return result.erasure
      return reply.problem(404, 'not_found', `Nothing is kept of a customer ${id}.`)
    },
  )
}
export default customers
