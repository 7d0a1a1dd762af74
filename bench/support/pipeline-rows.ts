import { type Row, spell } from './table.ts'

/** Ours, services that do everything before they answer and store nothing, and the least that stores all that ours does. */
export const CONTENDERS = ['ours', 'plain', 'map', 'plain, tuned', 'map, tuned', 'floor'] as const
export type Contender = (typeof CONTENDERS)[number]

export type Figures = ReadonlyMap<string, number>
type Of = (name: string) => number

/** The table of `bench/pipeline.ts`: events a second, medians of waits and of processor time, in milliseconds, and peaks of memory, in MB. */
export function pipelineRows(perSecond: Figures, waits: Figures, cpuMs: Figures, peakMb: Figures): Row[] {
  const of = (figures: Figures) => (name: string) => figures.get(name) ?? Number.NaN
  return [...throughputRows(of(perSecond)), ...waitRows(of(waits)), ...cpuRows(of(cpuMs)), memoryRow(of(peakMb))]
}

function throughputRows(of: Of): Row[] {
  const beside = (mine: number, name: Contender, what = `inline, ${name}`) =>
    `${what} ${spell(of(name))} /s: ${(mine / of(name)).toFixed(2)}x`
  const row = (name: Contender) => {
    return { what: 'events processed', measured: `${spell(of('ours'))} /s`, beside: beside(of('ours'), name) }
  }
  const against = (name: Contender, wanted: number): Row => {
    return { ...row(name), target: `at least ${wanted}x`, isReached: of('ours') / of(name) >= wanted }
  }
  return [
    against('plain', 1.6),
    against('map', 0.5),
    row('plain, tuned'),
    row('map, tuned'),
    {
      ...{ what: 'the floor: the same rows, five shared statements', measured: `${spell(of('floor'))} /s` },
      beside: (['plain', 'map', 'plain, tuned', 'map, tuned'] as const)
        .map((name) => beside(of('floor'), name, name))
        .join('; '),
    },
  ]
}

function waitRows(of: Of): Row[] {
  const [lookedUp, known, plain] = [of('ours, looked up'), of('ours, known'), of('plain')]
  const row = (how: string, measured: number, target: string, isReached: boolean): Row => ({
    ...{ what: `POST to PUT, p50 at 50/s, customer ${how}`, measured: `${spell(measured)} ms`, target, isReached },
    beside: `inline, plain ${spell(plain)} ms, tuned ${spell(of('plain, tuned'))} ms; the floor ${spell(of(`floor, ${how}`))} ms`,
  })
  return [
    row('looked up', lookedUp, 'at most 5 ms more', lookedUp <= plain + 5),
    row('known', known, 'less', known < plain),
  ]
}

function cpuRows(of: Of): Row[] {
  return [
    { what: 'processor time per event, service', measured: `${spell(of('ours'))} ms`, beside: besides(of, 'ms') },
    {
      ...{ what: 'processor time per event, Postgres', measured: `${spell(of('ours, Postgres'))} ms` },
      beside: `the floor ${spell(of('floor, Postgres'))} ms`,
    },
  ]
}

/** They take turns, and rest in between: under load without a break it is more, see `bench/footprint.ts`. */
function memoryRow(of: Of): Row {
  return { what: 'resident memory, the most', measured: `${spell(of('ours'))} MB`, beside: besides(of, 'MB') }
}

function besides(of: Of, unit: string): string {
  return CONTENDERS.slice(1)
    .map((name) => `${name} ${spell(of(name))} ${unit}`)
    .join('; ')
}
