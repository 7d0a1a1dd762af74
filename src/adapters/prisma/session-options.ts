/**
 * What a server, a database or a role may have been set to, and what we rely on: Prisma takes each time for one of UTC, and
 * node-postgres reads no other form of dates (https://node-postgres.com/features/types); statements are written for this level of
 * isolation; and connections are idle for minutes, one listens for ever.
 */
const SESSION = [
  'timezone=UTC',
  'datestyle=ISO',
  'default_transaction_isolation=read\\ committed',
  'idle_session_timeout=0',
]
  .map((setting) => `-c ${setting}`)
  .join(' ')

/** The address of a database whose connections begin as we need them, with these options besides. */
export function withSession(url: string, options = ''): string {
  const address = new URL(url)
  const given = address.searchParams.get('options') ?? ''
  address.searchParams.set('options', `${given} ${SESSION} ${options}`.trim())
  return address.href
}
