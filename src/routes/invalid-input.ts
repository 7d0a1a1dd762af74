/** An error for one bad place of a request, shaped as Fastify's own findings are, so that it is answered like every other one. */
export function invalidInput(part: 'body' | 'querystring' | 'params', pointer: string, message: string): Error {
  const validation = [{ keyword: 'invalid', instancePath: pointer, schemaPath: '#', params: {}, message }]
  return Object.assign(new Error(message), { statusCode: 400, validation, validationContext: part })
}
