import { test } from 'tap'
import { createPause } from '../../src/services/create-pause.ts'

test('long work lets others have their turn every 10 ms, and not more often', async (t) => {
  let nowMs = 0
  let turns = 0
  const pause = createPause(() => nowMs)
  const workFor = async (ms: number) => {
    nowMs += ms
    setImmediate(() => {
      turns += 1
    })
    await pause()
    return turns
  }
  t.equal(await workFor(9), 0)
  t.equal(await workFor(1), 2)
  t.equal(await workFor(9), 2)
  t.equal(await workFor(50), 4)
})
