import hooks from 'node:async_hooks'
import { syncBuiltinESMExports } from 'node:module'

// tap follows every promise of the process, to tell which test an uncaught error came from, and that takes more time than the
// tests themselves. Left out, such an error still ends the process, and so fails the run.
const { createHook } = hooks
hooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false })
syncBuiltinESMExports()
