/**
 * Options of a route whose body the service reads itself: the schema documents it, while Ajv would see a part of the
 * problems, and turn facts into text where its first branch is text.
 */
export const readByService = { validatorCompiler: () => () => true } as const
