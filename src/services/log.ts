/** What services need of a logger; Fastify's fits. An object, then a short constant message. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
