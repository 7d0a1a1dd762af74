import { once } from 'node:events'
import { enableCompileCache } from 'node:module'

// A replica that has loaded all its code, and waits for its settings to start. Nobody may come for it: then it ends with its parent.
const settings = once(process, 'message')
const end = () => process.exit(0)
process.once('disconnect', end)

enableCompileCache()
await import('../../src/app.ts')
await import('../../src/parts.ts')

const [given] = await settings
process.off('disconnect', end)
process.disconnect()
Object.assign(process.env, given)
await import('../../src/main.ts')
