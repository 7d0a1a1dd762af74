// Preloaded into a process whose clock is to be wrong: shifts everything that tells the time of day. Timers and
// performance.now() count from the start of the machine and stay right, as they do where a clock has been set wrong.
const offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0)
const TrueDate = Date

globalThis.Date = new Proxy(TrueDate, {
  construct: (target, parts, newTarget) =>
    Reflect.construct(target, parts.length === 0 ? [TrueDate.now() + offsetMs] : parts, newTarget),
  get: (target, name) => (name === 'now' ? () => TrueDate.now() + offsetMs : Reflect.get(target, name)),
})
