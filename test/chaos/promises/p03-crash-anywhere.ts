import { FAILPOINTS } from '../../../src/adapters/failpoints.ts'
import { type Crash, crashAt } from '../crash-at.ts'
import { exactly, type Scenario } from '../scenario.ts'

/** kill -9 before and after each claim, statement, call and reply. The quick form takes one of the points by chance. */
export const crashAnywhere: Scenario = {
  id: 'P3',
  promise: 'a process may die at any step of its work: a peer finishes it, and no chat ends elsewhere',
  async run(stage) {
    const shuffled = FAILPOINTS.map((point) => ({ point, place: stage.random() })).toSorted((a, b) => a.place - b.place)
    const points = shuffled.slice(0, stage.size(FAILPOINTS.length, 1)).map(({ point }) => point)
    const crashes: (Crash & { readonly point: string })[] = []
    const waiting = [...points]
    const lane = async () => {
      for (let point = waiting.pop(); point !== undefined; point = waiting.pop())
        crashes.push({ ...(await crashAt(stage, point)), point })
    }
    await Promise.all(Array.from({ length: stage.size(4, 2) }, lane))
    const count = (isSo: (crash: Crash) => boolean) => crashes.filter(isSo).length
    const sum = (value: (crash: Crash) => number) => crashes.reduce((total, crash) => total + value(crash), 0)
    const bad = crashes.filter(({ hasDied, lost, wrongEffect }) => !hasDied || lost + wrongEffect > 0)
    return [
      exactly('failpoints', `${count(({ hasDied }) => hasDied)}/${points.length}`, `${points.length}/${points.length}`),
      exactly(
        'lost',
        sum(({ lost }) => lost),
        0,
      ),
      exactly(
        'wrong_effect',
        sum(({ wrongEffect }) => wrongEffect),
        0,
      ),
      ...bad.map(({ point }) => exactly('at', point, '')),
    ]
  },
}
