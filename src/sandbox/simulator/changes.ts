/** Tells waiters that something in the simulator changed, so that tests wait for a state and never for time. */
export interface Changes {
  announce(): void
  /** The first truthy value of `check`, looked at now and after each change; rejects by saying what was awaited. */
  waitFor<T>(what: string, check: () => T | false | undefined | null, timeoutMs?: number): Promise<T>
  /** Rejects everybody who is still waiting. */
  close(): void
}

/** Long enough for a machine that does much else: who waits for a state goes on at once when it is there. */
const DEFAULT_TIMEOUT_MS = 60_000

/** Creates the notice board of one simulator. */
export function createChanges(): Changes {
  const waiters = new Set<{ look: () => void; fail: (why: string) => void }>()
  return {
    announce() {
      for (const waiter of [...waiters]) waiter.look()
    },
    waitFor(what, check, timeoutMs = DEFAULT_TIMEOUT_MS) {
      return new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          clearTimeout(timer)
          waiters.delete(waiter)
          end()
        }
        const fail = (why: string) => settle(() => reject(new Error(`${why} while waiting for: ${what}`)))
        const look = () => {
          try {
            const value = check()
            if (value) settle(() => resolve(value))
          } catch (error) {
            settle(() => reject(error))
          }
        }
        const waiter = { look, fail }
        const timer = setTimeout(() => fail(`${timeoutMs} ms passed`), timeoutMs)
        waiters.add(waiter)
        look()
      })
    },
    close() {
      for (const waiter of [...waiters]) waiter.fail('the simulator was stopped')
    },
  }
}
