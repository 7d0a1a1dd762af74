/** A body that somebody might sign, with the trouble that it makes. */
export interface HostileBody {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text))
const envelopeWith = (eventData: string) =>
  `{"event":"chat.new","id":"hostile","createdAt":1760000001,"eventData":${eventData}}`

/** What the public corpora do not have, since they are text: broken encodings, and what our own reading could trip over. */
export const HOSTILE_BODIES: readonly HostileBody[] = [
  { name: 'nothing', bytes: bytesOf('') },
  { name: 'a NUL', bytes: bytesOf('\0') },
  { name: 'a byte order mark', bytes: bytesOf(`\ufeff${envelopeWith('{"chat_id":7}')}`) },
  { name: 'UTF-16, little end first', bytes: Uint8Array.from(Buffer.from(envelopeWith('{}'), 'utf16le')) },
  { name: 'a byte that UTF-8 does not have', bytes: Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
  { name: 'an overlong slash', bytes: Uint8Array.from([0x22, 0xc0, 0xaf, 0x22]) },
  { name: 'half of a surrogate pair in UTF-8', bytes: Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22]) },
  { name: 'a character cut off', bytes: Uint8Array.from([0x22, 0xe2, 0x82]) },
  ...[
    ['half of a surrogate pair, escaped', String.raw`{"chat_id":7,"customer":{"id":8,"name":"\ud800"}}`],
    ['an escaped NUL', String.raw`{"chat_id":7,"customer":{"id":8,"name":"a\u0000b"}}`],
    ['a number beyond all numbers', '{"chat_id":1e400,"customer":{"id":-1e400}}'],
    ['an id beyond the safe integers', '{"chat_id":9007199254740993}'],
    ['a time beyond all times', '{"chat_id":7,"createdAt":99999999999999999999}'],
    ['a prototype', '{"chat_id":7,"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}'],
    ['one key twice', '{"chat_id":7,"chat_id":"eight","customer":null,"customer":[]}'],
    ['lists where objects belong', '{"chat_id":[7],"customer":[[]],"department":[null],"assignee":[{}]}'],
    ['an empty list', '[]'],
    ['text that is no JSON', '"{"'],
    ['too deep by one', `{"chat_id":7,"x":${'['.repeat(31)}${']'.repeat(31)}}`],
    ['deeper than any stack', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['deep objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['many keys', `{"chat_id":7,${Array.from({ length: 20_000 }, (_, index) => `"k${index}":0`).join()}}`],
    ['a long text', `{"chat_id":7,"message":{"text":"${'a'.repeat(900_000)}"}}`],
  ].map(([name = '', eventData = '']) => ({ name, bytes: bytesOf(envelopeWith(eventData)) })),
]
