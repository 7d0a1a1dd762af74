/** One thing that can turn out in a finite number of ways, such as a fact whose values are divided into classes. */
export interface Dimension {
  readonly index: number
  /** All classes, one bit each. */
  readonly every: bigint
}

/** That a dimension is in one of some classes. */
export interface Atom {
  readonly kind: 'atom'
  readonly dimension: Dimension
  readonly classes: bigint
}

export interface Group {
  readonly kind: 'every' | 'some'
  readonly members: readonly Formula[]
}

/** A statement about the dimensions, free of negation: an atom's opposite is an atom too. */
export type Formula = Atom | Group

/** Always true, as there is nothing to be met. */
const YES: Group = { kind: 'every', members: [] }

/** Never true, as there is nothing that would do. */
const NO: Group = { kind: 'some', members: [] }

/** That a dimension is in one of the classes. */
export function atom(dimension: Dimension, classes: bigint): Formula {
  if (classes === 0n) return NO
  return classes === dimension.every ? YES : { kind: 'atom', dimension, classes }
}

/** That all of them are true. */
export function every(members: readonly Formula[]): Formula {
  return group('every', members)
}

/** That at least one of them is true. */
export function some(members: readonly Formula[]): Formula {
  return group('some', members)
}

/** The opposite. Of what is true in the sense of the rules, it is "not true", be it false or unknown. */
export function opposite(formula: Formula): Formula {
  if (formula.kind === 'atom') {
    return atom(formula.dimension, formula.dimension.every & ~formula.classes)
  }
  return group(
    formula.kind === 'every' ? 'some' : 'every',
    formula.members.map((member) => opposite(member)),
  )
}

/** The dimensions that a formula is about, some of them more than once. */
export function dimensionsOf(formula: Formula): readonly Dimension[] {
  return formula.kind === 'atom' ? [formula.dimension] : formula.members.flatMap(dimensionsOf)
}

/** Flattened, with one atom for each dimension, so that much of what cannot be is seen without a search. */
function group(kind: Group['kind'], members: readonly Formula[]): Formula {
  const flat = members.flatMap((member) => (member.kind === kind ? member.members : [member]))
  const decisive = kind === 'every' ? NO : YES
  const atoms = new Map<Dimension, bigint>()
  const groups: Formula[] = []
  for (const member of flat) {
    if (isConstant(member)) return decisive
    if (member.kind !== 'atom') groups.push(member)
    else atoms.set(member.dimension, merged(kind, atoms.get(member.dimension), member.classes))
  }
  const merges = [...atoms].map(([dimension, classes]) => atom(dimension, classes))
  if (merges.some(isConstant)) return decisive
  const rest = [...merges, ...groups]
  return rest.length === 1 && rest[0] !== undefined ? rest[0] : { kind, members: rest }
}

/** Constants of a group's own kind are gone after flattening, so one that is left decides the group. */
function isConstant(formula: Formula): boolean {
  return formula.kind !== 'atom' && formula.members.length === 0
}

function merged(kind: Group['kind'], known: bigint | undefined, classes: bigint): bigint {
  if (known === undefined) return classes
  return kind === 'every' ? known & classes : known | classes
}
