/** What a supervisor and a load balancer see of a replica. */
export interface Probes {
  /** Undefined when no answer came in time. */
  readonly alive: number | undefined
  readonly ready: number | undefined
}

/** Asks both. Supervisors give up after a second or so; this one is told how long it is to wait. */
export async function probe(url: string, waitMs: number): Promise<Probes> {
  const ask = async (path: string) => {
    const reply = await fetch(url + path, { signal: AbortSignal.timeout(waitMs) }).catch(() => undefined)
    await reply?.body?.cancel()
    return reply?.status
  }
  const [alive, ready] = await Promise.all([ask('/healthz'), ask('/readyz')])
  return { alive, ready }
}
