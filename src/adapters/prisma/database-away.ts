import { isDriverAdapterError } from '@prisma/driver-adapter-utils'
import { isPassing } from '../../domain/passing-trouble.ts'
import { Prisma } from '../../generated/prisma/client.ts'
import { isPassingCode } from './query.ts'

/** What Prisma calls trouble with the connection (`MappedError` of `@prisma/driver-adapter-utils`). */
const CONNECTION_TROUBLE = [
  'AuthenticationFailed',
  'ConnectionClosed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
]
/** What node-postgres throws through Prisma; these have no code. */
const DRIVER_TROUBLE = /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect)/

/** Whether an error says that the database is away or takes too long, and not that something is wrong with what was asked. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) {
    return isPassing(error) || DRIVER_TROUBLE.test(error.message)
  }
  const told = error.meta?.driverAdapterError
  if (!isDriverAdapterError(told)) return false
  const { cause } = told
  if (cause.kind === 'postgres') return cause.severity !== 'ERROR' || isPassingCode(cause.code)
  return CONNECTION_TROUBLE.includes(cause.kind)
}
