import { type Readable, Transform } from 'node:stream'

/** How many bytes of webhooks may be held at the same time. */
export interface IntakeBound {
  /** Takes room for one more webhook; undefined when there is none. */
  enter(bytes: number): Place | undefined
}

/** The room that one webhook takes. */
export interface Place {
  /** Takes room for more of it; false when there is none. Takes none after `leave`. */
  grow(bytes: number): boolean
  /** Gives the room back, once. */
  leave(): void
}

/** `onFull` is called each time that there is no room. */
export function createIntakeBound(bytesMax: number, onFull: () => void): IntakeBound {
  let takenBytes = 0
  const take = (bytes: number): boolean => {
    const isRoom = takenBytes + bytes <= bytesMax
    if (isRoom) takenBytes += bytes
    else onFull()
    return isRoom
  }
  return {
    enter(bytes) {
      if (!take(bytes)) return undefined
      let ownBytes = bytes
      let hasLeft = false
      return {
        grow(more) {
          if (hasLeft) return true
          const isTaken = take(more)
          if (isTaken) ownBytes += more
          return isTaken
        },
        leave() {
          takenBytes -= ownBytes
          ownBytes = 0
          hasLeft = true
        },
      }
    },
  }
}

/**
 * The body, counted while it arrives: the bytes that have really come, not those announced. When there is no room for the rest
 * of it, it ends with {@link NoRoom}.
 */
export function countBody(body: Readable, place: Place): Readable {
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (place.grow(chunk.length)) done(null, chunk)
      else done(new NoRoom())
    },
  })
  // Not a pipeline: that would close the connection with the stream, and the answer could not be sent.
  body.once('error', (error) => counted.destroy(error))
  counted.on('error', () => {}) // once it is refused, nobody else listens
  return body.pipe(counted)
}

/** Its message is what the sender is told. */
export class NoRoom extends Error {
  override readonly message = 'More webhooks arrive than can be stored. Send it again.'
}
