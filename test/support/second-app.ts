import { buildApp } from '../../src/app.ts'
import { rule, writeRules } from './rules.ts'
import type { Scope } from './scope.ts'
import { type Service, settingsFor } from './service.ts'

/** Another process's worth of the service, on the database and the HelpCrunch of a first one. It ends with the test. */
export async function startSecondApp(
  t: Scope,
  { simulator, databaseUrl }: Pick<Service, 'simulator' | 'databaseUrl'>,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ url: string }> {
  const rulesDir = await writeRules(t, [rule()])
  return startApp(t, { ...settingsFor(simulator, databaseUrl, rulesDir), ...settings })
}

/** The service in this process, with these settings and no log. It ends with the test. */
export async function startApp(t: Scope, env: Readonly<Record<string, string>>): Promise<{ url: string }> {
  const app = await buildApp({ env, logger: false })
  t.teardown(() => app.close())
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}
