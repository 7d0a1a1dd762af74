import fc from 'fast-check'
import { test } from 'tap'
import {
  onlyTold,
  readFlag,
  readId,
  readReference,
  readText,
  readTextOrNone,
  readTime,
} from '../../src/domain/helpcrunch-values.ts'
import { isJsonObject } from '../../src/domain/json-object.ts'

test('an id is a positive whole number, as a number or as text', async (t) => {
  t.equal(readId(7104233), 7104233)
  t.equal(readId('7104233'), 7104233)
  t.equal(readId(' 7104233 '), 7104233)
  t.equal(readId(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
})

test('what is no id is not told', async (t) => {
  const nonsense = [
    0,
    -1,
    1.5,
    2 ** 53,
    '9007199254740993',
    '',
    ' ',
    '12a',
    '0x10',
    '1e3',
    null,
    undefined,
    true,
    [7],
    {},
  ]
  for (const value of nonsense) t.equal(readId(value), undefined, JSON.stringify(value))
})

test('a reference is an object with an id, or the id itself', async (t) => {
  t.equal(readReference({ id: 88, name: 'Olena' }), 88)
  t.equal(readReference({ id: '88' }), 88)
  t.equal(readReference(88), 88)
  t.equal(readReference('88'), 88)
  for (const value of [null, undefined, {}, [], [88], { id: null }]) t.equal(readReference(value), undefined)
})

test('a time comes in seconds, as a number or text, with or without a fraction', async (t) => {
  t.same(readTime(1603885746), new Date(1603885746000))
  t.same(readTime('1603885746'), new Date(1603885746000))
  t.same(readTime('1607542030.713'), new Date(1607542030713))
  t.same(readTime('1606155714.000'), new Date(1606155714000))
})

test('a time too large for seconds is in milliseconds', async (t) => {
  t.same(readTime(1603885746123), new Date(1603885746123))
  t.same(readTime('1603885746123'), new Date(1603885746123))
})

test('a time may be of the form of RFC 3339, which says its offset', async (t) => {
  t.same(readTime('2020-10-28T11:49:06Z'), new Date(1603885746000))
  t.same(readTime(' 2020-10-28T13:49:06.123+02:00 '), new Date(1603885746123))
})

test('what is no time is not told', async (t) => {
  const nonsense = [
    0,
    -5,
    '',
    'soon',
    '-1',
    '1e9',
    '1.2.3',
    '2020-10-28 11:49:06',
    '2020-10-28T11:49:06',
    '2020-10-28',
    '1969-12-31T23:59:59Z',
    null,
    undefined,
    true,
    {},
    [1],
    1e300,
    Infinity,
    Number.NaN,
  ]
  for (const value of nonsense) t.equal(readTime(value), undefined, String(value))
})

test('every time that is read can be stored: it has a year of four digits', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.nat(), fc.maxSafeInteger()), (value) => {
      const time = readTime(value)
      return time === undefined || /^\d{4}-/.test(time.toISOString())
    }),
  )
  t.equal(readTime(253_402_300_799_999)?.toISOString(), '9999-12-31T23:59:59.999Z')
  t.equal(readTime(253_402_300_800_000), undefined)
})

test('text is trimmed, blank text is none, and a number counts as its text', async (t) => {
  t.equal(readText('  Olena\n'), 'Olena')
  t.equal(readText(118), '118')
  for (const value of ['', ' \t\n', '\u0000', null, undefined, true, {}, ['a'], Infinity]) {
    t.equal(readText(value), undefined)
  }
})

test('text is cut at its limit, never in the middle of a character', async (t) => {
  t.equal(readText('x'.repeat(2_000)), 'x'.repeat(1_000))
  t.equal(readText('abcdef', 3), 'abc')
  t.equal(readText('ab👍', 3), 'ab')
  t.equal(readText('ab cd', 3), 'ab')
})

test('text that is read can be stored as jsonb: no NUL, no half of a surrogate pair', async (t) => {
  t.equal(readText('a\u0000b'), 'ab')
  t.equal(readText('a\ud800b'), 'a\ufffdb')
  t.equal(readText('ok\udc00'), 'ok\ufffd')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 40 }), (value, charactersMax) => {
      const text = readText(value, charactersMax)
      if (text === undefined) return true
      return text.isWellFormed() && !text.includes('\u0000') && text.length <= charactersMax && text === text.trim()
    }),
  )
})

test('PHP escapes are gone once the body is parsed', async (t) => {
  const body: unknown = JSON.parse(
    '{"text":"\\u041f\\u0440\\u0438\\u0432\\u0456\\u0442 https:\\/\\/example.test\\/a \\ud83d\\udc4d"}',
  )
  t.equal(readText(isJsonObject(body) ? body.text : undefined), 'Привіт https://example.test/a 👍')
})

test('null and blank text tell that there is none; an absent or unreadable value tells nothing', async (t) => {
  t.equal(readTextOrNone(null), null)
  t.equal(readTextOrNone('  '), null)
  t.equal(readTextOrNone(' a '), 'a')
  for (const value of [undefined, {}, [], true]) t.equal(readTextOrNone(value), undefined)
})

test('a flag is true or false and nothing else', async (t) => {
  t.equal(readFlag(true), true)
  t.equal(readFlag(false), false)
  for (const value of [1, 0, 'true', null, undefined]) t.equal(readFlag(value), undefined)
})

test('what nobody told leaves no key; null, false and 0 do', async (t) => {
  t.strictSame(onlyTold({ a: undefined, b: null, c: false, d: 0 }), { b: null, c: false, d: 0 })
})

test('no reader throws on any JSON value', async () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const read of [isJsonObject, readId, readReference, readTime, readText, readTextOrNone, readFlag])
        read(value)
    }),
  )
})
