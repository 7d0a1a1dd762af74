import { shiftedDate } from './shifted-date.ts'

// Preloaded into a process whose clock is to be wrong: shifts everything that tells the time of day. Timers and
// performance.now() count from the start of the machine and stay right, as they do where a clock has been set wrong.
globalThis.Date = shiftedDate(Number(process.env.CLOCK_OFFSET_MS ?? 0))
