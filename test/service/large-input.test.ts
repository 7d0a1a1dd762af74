import { test } from 'tap'
import { apiOf } from '../support/api.ts'
import { shareService } from '../support/service.ts'

const anyService = shareService({ settings: { ROLE: 'web' } })
const many = <Item>(count: number, item: (index: number) => Item) =>
  Array.from({ length: count }, (_, index) => item(index))
const TRIALS: readonly (readonly [string, object])[] = [
  ['/v1/simulations', { facts: {} }],
  ['/v1/backtests', {}],
]

test('more rules than a set may have are refused without being read', async (t) => {
  const { send } = apiOf(await anyService(t))
  const rules = many(200_000, () => ({}))
  for (const [path, more] of TRIALS) {
    const { status, body } = await send('POST', path, { ...more, rules })
    t.equal(status, 400)
    t.strictSame(body.errors, [{ pointer: '/rules', message: 'It has 200000 entries. Make it at most 10000.' }])
  }
  const { status, body } = await send('POST', '/v1/rules/check', { rules })
  t.match({ status, errors: body.errors }, { status: 400, errors: [{ pointer: '/rules' }] })
  t.equal(body.errors.length, 1)
})

test('rules are read until a thousand problems are found', async (t) => {
  const { send } = apiOf(await anyService(t))
  const wrong = Object.fromEntries(many(300, (index) => [`wrong${index}`, 1] as const))
  const rules = many(100, () => wrong)
  for (const [path, more] of [...TRIALS, ['/v1/rules/check', {}] as const]) {
    const { body } = await send('POST', path, { ...more, rules })
    t.ok(body.errors.length > 1_000 && body.errors.length < 1_400, `${path}: ${body.errors.length}`)
    t.match(body.errors.at(-1), { pointer: '/rules', message: /Mend these first/ })
    t.match(body.errors[0].pointer, /^\/rules\/0\//)
  }
})

test('a body has no more properties than could be meant', async (t) => {
  const { send } = apiOf(await anyService(t))
  const body = Object.fromEntries(many(101, (index) => [`wrong${index}`, 1] as const))
  for (const path of ['/v1/simulations', '/v1/backtests', '/v1/rules/check', '/v1/rules', '/v1/tokens']) {
    const answer = await send('POST', path, body)
    t.match(answer, { status: 400, body: { errors: [{ pointer: '', message: /more than 100 properties/ }] } }, path)
    t.equal(answer.body.errors.length, 1, path)
  }
})
