import type pg from 'pg'

/**
 * The pool as graphile-worker 0.18 may have it. When its LISTEN fails while it shuts down, it gives the connection back twice;
 * pg answers that by throwing, in a promise that belongs to nobody, and so the process would end.
 */
export function releaseOnce(pool: pg.Pool): pg.Pool {
  const connect = (callback?: Parameters<pg.Pool['connect']>[0]) => {
    if (callback === undefined) return pool.connect()
    return pool.connect((error, client, release) => {
      // Who got no connection has nothing to give back, whatever pg's types say: in truth `release` is undefined then.
      if (error) return callback(error, undefined, release)
      let isReleased = false
      callback(error, client, (reason) => {
        if (!isReleased) release(reason)
        isReleased = true
      })
    })
  }
  return new Proxy(pool, { get: (target, name) => (name === 'connect' ? connect : Reflect.get(target, name)) })
}
