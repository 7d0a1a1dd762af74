import { type Readable, Transform } from 'node:stream'

/** How much the webhooks that are being taken in may hold at the same time. */
export interface IntakeBound {
  /** Takes room for one more webhook; undefined when there is none. */
  enter(): Place | undefined
}

/** The room that one webhook takes, from its first byte until it is stored, or has failed to be. */
export interface Place {
  /**
   * The body, counted while it arrives unless it is announced as so small that it has its room already. When there is no room for the
   * rest of it, it ends with an error whose status is 503. `announcedBytes` is NaN where nothing was announced.
   */
  count(body: Readable, announcedBytes: number): Readable
  /** Keeps the room until this has ended, even when the webhook is answered sooner. */
  keep(work: Promise<unknown>): void
  /** Gives the room back. */
  leave(): void
}

/** What a request and its reply cost with a small body, so that many of them find their bound too. */
const REQUEST_BYTES = 16_384
/** Most webhooks are smaller. A sender cannot exceed what it has announced: Node ends the body there. */
const SMALL_BODY_BYTES = 4_096

/**
 * Counts the bytes of a large body that have really arrived, not those announced: so a sender that announces much and sends it
 * slowly takes little room, and cannot keep others out.
 */
export function createIntakeBound(bytesMax: number): IntakeBound {
  let takenBytes = 0
  const take = (bytes: number): boolean => {
    if (takenBytes + bytes > bytesMax) return false
    takenBytes += bytes
    return true
  }
  return {
    enter() {
      if (!take(REQUEST_BYTES)) return undefined
      let ownBytes = REQUEST_BYTES
      let kept: Promise<unknown> = Promise.resolve()
      const free = () => {
        takenBytes -= ownBytes
        ownBytes = 0
      }
      return {
        count(body, announcedBytes) {
          if (announcedBytes <= SMALL_BODY_BYTES) return body
          return countBytes(body, (bytes) => {
            const isTaken = take(bytes)
            if (isTaken) ownBytes += bytes
            return isTaken
          })
        },
        keep(work) {
          kept = work
        },
        leave: () => void kept.then(free, free),
      }
    },
  }
}

function countBytes(body: Readable, take: (bytes: number) => boolean): Readable {
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (take(chunk.length)) done(null, chunk)
      else done(Object.assign(new Error(NO_ROOM), { statusCode: 503, code: 'INTAKE_FULL' }))
    },
  })
  // Not a pipeline: that would close the connection with the stream, and the answer could not be sent.
  body.once('error', (error) => counted.destroy(error))
  return body.pipe(counted)
}

/** What a sender is told. */
export const NO_ROOM = 'More webhooks arrive than can be stored. Send it again.'
