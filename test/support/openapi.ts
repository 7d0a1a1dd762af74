import Schema from 'typebox/schema'
import type { Json } from './json.ts'
import { routesOf } from './route-table.ts'

export interface DocumentedOperation {
  /** Such as `GET /v1/rules/{key}`. */
  readonly name: string
  readonly operation: Json
}

/** Every operation of an OpenAPI document. */
export function operationsOf(document: Json): DocumentedOperation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
}

/** Every body that an operation takes or gives, as `{ schema, example }`; `where` is the status, or `body`. */
export function bodiesOf(operation: Json): { where: string; media: Json }[] {
  const places = Object.entries<Json>({ ...operation.responses, body: operation.requestBody })
  return places.flatMap(([where, place]) =>
    Object.values<Json>(place?.content ?? {}).map((media) => ({ where, media })),
  )
}

/** What of a value does not fit a schema of the document; none when it fits. */
export function misfits(document: Json, schema: object, value: unknown): string[] {
  const [, errors] = Schema.Compile({ ...schema, components: document.components }).Errors(value)
  return errors.map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** All that stands under a name, wherever it does; examples aside, as they are data. */
export function valuesOf(json: Json, name: string): unknown[] {
  if (typeof json !== 'object' || json === null) return []
  return Object.entries(json).flatMap(([key, value]) => {
    if (key === 'example' || key === 'examples') return []
    return key === name ? [value] : valuesOf(value, name)
  })
}

/** The routes of a service as the document writes them, without those that are there for browsers. */
export function servedRoutes(app: Parameters<typeof routesOf>[0]): string[] {
  return routesOf(app)
    .filter((route) => !/ \/(docs|console)(\/|$)| \/openapi\.json$/.test(route))
    .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'))
}
