import { Type } from 'typebox'

/** Ids of ours are text: they may outgrow what JSON's numbers hold exactly. */
export const DecisionParams = Type.Object({
  id: Type.String({ pattern: '^[0-9]{1,18}$', description: 'The id of a decision, in digits.' }),
})
