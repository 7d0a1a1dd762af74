/** What `t.match` finds in an empty list alone: it takes `[]` for any list. */
export const NONE = { length: 0 }
