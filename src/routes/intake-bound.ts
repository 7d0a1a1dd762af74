import { type Readable, Transform } from 'node:stream'

/** How many bytes of webhooks may be held at the same time. */
export interface IntakeBound {
  /** Takes room for one more webhook; undefined when there is none. */
  enter(bytes: number): Place | undefined
}

/** The room that one webhook takes. */
export interface Place {
  /** Takes room for more of it; false when there is none. */
  grow(bytes: number): boolean
  /** Gives the room back, once. */
  leave(): void
}

export function createIntakeBound(bytesMax: number): IntakeBound {
  let takenBytes = 0
  const take = (bytes: number): boolean => {
    if (takenBytes + bytes > bytesMax) return false
    takenBytes += bytes
    return true
  }
  return {
    enter(bytes) {
      if (!take(bytes)) return undefined
      let ownBytes = bytes
      return {
        grow(more) {
          const isTaken = take(more)
          if (isTaken) ownBytes += more
          return isTaken
        },
        leave() {
          takenBytes -= ownBytes
          ownBytes = 0
        },
      }
    },
  }
}

/**
 * The body, counted while it arrives: the bytes that have really come, not those announced. When there is no room for the rest
 * of it, it ends with an error whose status is 503.
 */
export function countBody(body: Readable, place: Place): Readable {
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (place.grow(chunk.length)) done(null, chunk)
      else done(Object.assign(new Error(NO_ROOM), { statusCode: 503, code: 'INTAKE_FULL' }))
    },
  })
  // Not a pipeline: that would close the connection with the stream, and the answer could not be sent.
  body.once('error', (error) => counted.destroy(error))
  return body.pipe(counted)
}

/** What a sender is told. */
export const NO_ROOM = 'More webhooks arrive than can be stored. Send it again.'
