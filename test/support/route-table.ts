import type { FastifyInstance } from 'fastify'

/** Every route of a service, as `GET /v1/rules/:key`, read from Fastify's own print of its router; without HEAD, which goes with GET. */
export function routesOf(app: Pick<FastifyInstance, 'printRoutes'>): string[] {
  const path: string[] = []
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent, segment, methods] = /^([│ ]*)[├└]── (\S*) \((.+)\)$/.exec(line) ?? []
      if (indent === undefined || segment === undefined || methods === undefined) return refuseOther(line)
      path.length = indent.length / 4
      path.push(segment)
      const url = path.join('')
      return methods
        .split(', ')
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${url}`)
    })
    .toSorted()
}

/** A line that is not understood could hide a route. */
function refuseOther(line: string): string[] {
  if (line === '') return []
  throw new Error(`This line of the route table is not understood: ${line}`)
}
