/** npm passes on a signal that its child has got from the terminal or the service manager already: within this time it is the same one. */
const SAME_SIGNAL_MS = 400

/** Calls `stop` with the first of these signals, and ends the process at the next one: somebody has lost patience. */
export function onStopSignals(names: readonly NodeJS.Signals[], stop: (name: NodeJS.Signals) => void): void {
  let firstAtMs: number | undefined
  for (const name of names) {
    process.on(name, () => {
      if (firstAtMs !== undefined && performance.now() - firstAtMs > SAME_SIGNAL_MS) process.exit(130)
      if (firstAtMs !== undefined) return
      firstAtMs = performance.now()
      stop(name)
    })
  }
}
