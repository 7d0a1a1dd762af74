import { execFileSync } from 'node:child_process'
import { test } from 'tap'
import { detectLanguage } from '../../src/domain/message-language.ts'

test('a sentence is in the language it is written in', async (t) => {
  const sentences = {
    en: 'Hi, my invoice is wrong',
    de: 'Guten Tag, meine Rechnung stimmt nicht',
    uk: 'Привіт, мій рахунок неправильний',
    ru: 'Здравствуйте, где мой заказ?',
    pl: 'Dzień dobry, nie mogę się zalogować',
    fr: 'Bonjour, ma facture est fausse',
    ja: 'ログインできません',
    zh: '我的订单在哪里？',
  }
  for (const [language, sentence] of Object.entries(sentences)) t.equal(detectLanguage(sentence), language, sentence)
})

test('it does not matter whether accents are signs of their own', async (t) => {
  const vietnamese = 'Tôi không thể đăng nhập vào tài khoản'
  const korean = '비밀번호를 잊어버렸어요 로그인이 안됩니다'
  t.equal(detectLanguage(vietnamese.normalize('NFD')), 'vi')
  t.equal(detectLanguage(korean.normalize('NFD')), 'ko')
})

test('too few letters are in no language', async (t) => {
  for (const text of [
    '',
    'ok',
    'hello',
    'Password reset',
    'Hi Oleg, danke',
    'Дякую',
    '👍👍👍',
    '4711 0815 '.repeat(20),
    '我的订',
  ]) {
    t.equal(detectLanguage(text), undefined, text)
  }
})

test('addresses and codes are in no language', async (t) => {
  const texts = [
    'https://ucarecdn.com/2f9f3a0c-6a1d-4f4e-9c1b-0d6e1b6a7c3d',
    'www.example.test/rechnung-herunterladen-und-drucken',
    'meine.rechnung.stimmt.nicht@example.test',
    '2f9f3a0c-6a1d-4f4e-9c1b-0d6e1b6a7c3d',
  ]
  for (const text of texts) t.equal(detectLanguage(text), undefined, text)
  t.equal(detectLanguage(`Guten Tag, meine Rechnung stimmt nicht: ${texts[0]}`), 'de')
})

test('text of which the detector is not sure is in no language', async (t) => {
  for (const text of ['Oleksandr Petrenko Shevchenko', 'asdf asdf jkl qwer zxcv'])
    t.equal(detectLanguage(text), undefined, text)
})

test('the detector is not loaded before a message needs it', async (t) => {
  const script = `
    import { createRequire } from 'node:module'
    import { detectLanguage } from './src/domain/message-language.ts'
    const { cache } = createRequire(import.meta.url)
    const isLoaded = () => Object.keys(cache).some((path) => path.includes('eld'))
    detectLanguage('hello')
    const loadedBefore = isLoaded()
    detectLanguage('Hi, my invoice is wrong')
    console.log(loadedBefore, isLoaded())`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  t.equal(output.trim(), 'false true')
})
