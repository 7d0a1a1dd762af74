/** What `JSON.parse` gives: a test reads fields of it that its assertion then proves to be there. */
export type Json = ReturnType<typeof JSON.parse>
