/**
 * What a server, a database or a role may have been set to, and what we rely on: Prisma takes each time for one of UTC, and
 * node-postgres reads no other form of dates (https://node-postgres.com/features/types); statements are written for this level of
 * isolation; Prisma's client names the schema of its tables, and statements of ours do not; and connections are idle for minutes, one
 * listens for ever.
 */
const SESSION = [
  'timezone=UTC',
  'datestyle=ISO',
  'default_transaction_isolation=read\\ committed',
  'search_path=public',
  'idle_session_timeout=0',
]
  .map((setting) => `-c ${setting}`)
  .join(' ')

/** As in a password that was entered as it is. node-postgres reads one so, but takes what is encoded elsewhere for plain text then. */
const LONE_PERCENT = /%(?![\da-f]{2})/gi

/** The address of a database whose connections begin as we need them, with these options besides. Throws when it names another schema. */
export function withSession(url: string, options = ''): string {
  const address = new URL(url.replace(LONE_PERCENT, '%25'))
  const schema = address.searchParams.get('schema') ?? 'public'
  if (schema !== 'public') throw new Error(`its tables are in the schema public, not in ${schema}`)
  const given = address.searchParams.get('options') ?? ''
  address.searchParams.set('options', `${given} ${SESSION} ${options}`.trim())
  return address.href
}
