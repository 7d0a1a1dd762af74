import type { Resident } from './resident.ts'

/** Customers who write in German or Ukrainian. */
export const GERMAN_AND_UKRAINIAN_RESIDENTS: readonly Resident[] = [
  {
    customer: {
      id: 9011501,
      name: 'Greta Lindner',
      email: 'greta@lindner-kaffee.test',
      locale: 'de',
      countryCode: 'DE',
      city: 'Hamburg',
      customData: { plan: 'Pro', seats: 12 },
      company: 'Lindner Kaffee',
      platform: 'desktop',
    },
    messages: [
      'Guten Tag, wie kann ich einen zweiten Standort anlegen?',
      'Die Exportfunktion zeigt seit heute einen Fehler an.',
    ],
  },
  {
    customer: {
      id: 9011502,
      name: 'Moritz Steiner',
      email: 'm.steiner@alpenrad.test',
      locale: 'de-AT',
      countryCode: 'AT',
      city: 'Wien',
      customData: { plan: 'pro ', seats: 31 },
      company: 'Alpenrad',
    },
    messages: ['Grüß Gott, die Rechnung für Mai hat eine falsche UID-Nummer.'],
  },
  {
    customer: {
      id: 9011503,
      name: 'Selina Frei',
      email: 'selina.frei@tessera.test',
      locale: 'de-CH',
      countryCode: 'CH',
      city: 'Zürich',
      customData: { plan: 'Enterprise', seats: 420 },
      company: 'Tessera',
    },
    messages: [
      'Grüezi, können wir die Daten in der Schweiz speichern?',
      'Wir möchten auf Enterprise wechseln. Wer ist zuständig?',
    ],
  },
  {
    customer: {
      id: 9011504,
      name: 'Jonas Weber',
      email: 'jonas@weberkonzept.test',
      locale: 'de',
      countryCode: 'DE',
      city: 'Leipzig',
      customData: { plan: 'trial' },
    },
    messages: ['Ist die Testphase verlängerbar?'],
  },
  {
    customer: {
      id: 9011505,
      name: 'Annika Brandt',
      email: 'annika@brandtundsohn.test',
      locale: 'de_DE',
      countryCode: 'DE',
      city: 'Köln',
      customData: { plan: 'Free' },
    },
    messages: ['Ich kann mich nicht anmelden, obwohl das Passwort stimmt.'],
  },
  {
    customer: {
      id: 9011506,
      name: 'Klaus Meinhardt',
      email: 'k.meinhardt@isarwerk.test',
      locale: 'de',
      countryCode: 'DE',
      city: 'München',
      tags: ['VIP'],
      customData: { plan: 'Pro' },
    },
    messages: ['Bitte rufen Sie mich an, es ist dringend.'],
  },
  {
    customer: { id: 9011507, name: 'Lena', locale: 'de', countryCode: 'DE', createdFrom: 'telegram' },
    messages: ['hallo, kommt mein paket heute noch?'],
  },
  {
    customer: {
      id: 9011508,
      name: 'Олена Бондар',
      email: 'olena@sad-bondar.test',
      locale: 'uk',
      countryCode: 'UA',
      city: 'Київ',
      customData: { plan: 'Pro', seats: 9 },
      company: 'Сад Бондарів',
    },
    messages: ['Добрий день! Як додати колегу до команди?', 'Підкажіть, будь ласка, де побачити статистику?'],
  },
  {
    customer: {
      id: 9011509,
      name: 'Тарас Гнатюк',
      email: 'taras@levlogistic.test',
      locale: 'uk',
      countryCode: 'UA',
      city: 'Львів',
      tags: ['wholesale'],
      customData: { plan: 'scale', seats: 54 },
    },
    messages: ['Вітаю, рахунок за квітень виставлено двічі.'],
  },
  {
    customer: {
      id: 9011510,
      name: 'Марина',
      locale: 'uk-UA',
      countryCode: 'UA',
      city: 'Одеса',
      customData: { plan: 'free' },
      createdFrom: 'viber',
    },
    messages: ['Не приходить код підтвердження на телефон 😕'],
  },
  {
    customer: { id: 9011511, name: 'Сергій Ткач', countryCode: 'UA', city: 'Дніпро', createdFrom: 'telegram' },
    messages: ['Вітаю! Хочу повернути гроші за підписку, якою не користувався.', 'Скажіть, чи працюєте ви у вихідні?'],
  },
  {
    customer: {
      id: 9011512,
      name: 'Надія Кравець',
      email: 'nadia@kravets-foto.test',
      locale: 'uk',
      countryCode: 'PL',
      city: 'Warszawa',
      customData: { plan: 'Trial' },
    },
    messages: ['Чи можна оплатити карткою польського банку?'],
  },
  {
    customer: {
      id: 9011513,
      name: 'Ігор Лисенко',
      email: 'i.lysenko@stepova.test',
      locale: 'uk',
      countryCode: 'UA',
      city: 'Харків',
      tags: ['key account'],
      customData: { plan: 'Enterprise', seats: 260 },
      company: 'Степова',
    },
    messages: ['Потрібен договір і акт звірки для бухгалтерії.'],
  },
  {
    customer: { id: 9011514, name: 'Юлія', createdFrom: 'instagram' },
    messages: ['Доброго дня, підкажіть, коли відправите моє замовлення?'],
  },
]
