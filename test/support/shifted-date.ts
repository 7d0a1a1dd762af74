const TrueDate = Date

/** A `Date` of a clock that is off: ahead by so much, or behind by a negative number. */
export function shiftedDate(offsetMs: number): DateConstructor {
  return new Proxy(TrueDate, {
    construct: (target, parts, newTarget) =>
      Reflect.construct(target, parts.length === 0 ? [TrueDate.now() + offsetMs] : parts, newTarget),
    get: (target, name) => (name === 'now' ? () => TrueDate.now() + offsetMs : Reflect.get(target, name)),
  })
}
