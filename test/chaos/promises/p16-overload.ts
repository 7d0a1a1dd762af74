import { compareBooks, drain } from '../books.ts'
import { type Cluster, openChat, startCluster } from '../cluster.ts'
import { readMemory } from '../memory.ts'
import { openRawClient, webhookHead } from '../raw-client.ts'
import { atMost, exactly, type Figure, type Scenario, type Stage, told } from '../scenario.ts'
import { createSender, percentile, type Sender } from '../sender.ts'

const RSS_MB_MAX = 400
const PADDING = 'x'.repeat(64 * 1_024)
/** As many at once as a closed loop needs to find out how much is possible. */
const LOOP = 32
const OVERLOAD = 4
/**
 * A connection that comes in the flood may wait for as long as it lasts: in each turn of its event loop Node accepts one, and
 * answers all that have come over those it has (https://github.com/libuv/libuv/pull/3696).
 */
const PATIENCE_MS = 30_000

/** Four times what can be stored, while slow and idle clients hold their connections. */
export const boundedOverload: Scenario = {
  id: 'P16',
  promise: 'beyond what can be stored webhooks are refused with 503, none that was accepted is lost, memory is bounded',
  async run(stage) {
    const cluster = await startCluster(stage, { replicas: 1 })
    const url = cluster.url()
    const idle = Array.from({ length: stage.size(1_000, 100) }, () => openRawClient(stage, url))
    const slow = slowClients(stage, url)
    const malformed = await sendMalformed(stage, url)
    const sender = createSender(stage, { connections: 2_000, patienceMs: PATIENCE_MS })
    const perSecond = await measureSaturation(stage, cluster, sender)
    const sentBefore = sender.sent.length
    await flood(stage, cluster, sender, OVERLOAD * perSecond)
    const flooded = sender.sent.slice(sentBefore)
    const { peakMb } = readMemory(cluster.replicas[0]?.process.pid)
    const drainS = await drain(stage, cluster.sql)
    const books = await compareBooks(cluster.sql, sender.acknowledged())
    const others = flooded.filter(({ status }) => status !== 202 && status !== 503)
    return [
      told('saturation_per_s', Math.round(perSecond)),
      told('accepted', books.acked),
      told('shed', flooded.filter(({ status }) => status === 503).length),
      exactly('unanswered', others.length, 0),
      told(
        'p99_ms',
        Math.round(
          percentile(
            flooded.map(({ durationMs }) => durationMs),
            0.99,
          ),
        ),
      ),
      exactly('accepted_lost', books.lost + books.undecided, 0),
      atMost('rss_mb', peakMb, RSS_MB_MAX),
      exactly('malformed', malformed, '431,413,413,400'),
      ...(await judgeSlow(stage, slow, idle.length)),
      told('drain_s', Math.round(drainS)),
    ]
  },
}

function big(cluster: Cluster) {
  const { envelope } = openChat(cluster.simulator)
  return { ...envelope, padding: PADDING }
}

/** How many a second are stored when each sender waits for its answer. */
async function measureSaturation(stage: Stage, cluster: Cluster, sender: Sender): Promise<number> {
  const startedAt = performance.now()
  const endsAt = startedAt + stage.size(5_000, 250)
  let stored = 0
  const loop = async () => {
    while (performance.now() < endsAt) if ((await sender.send(cluster.url(), big(cluster))).status === 202) stored += 1
  }
  await Promise.all(Array.from({ length: LOOP }, loop))
  return (stored * 1_000) / (performance.now() - startedAt)
}

async function flood(stage: Stage, cluster: Cluster, sender: Sender, perSecond: number): Promise<void> {
  const endsAt = performance.now() + stage.size(8_000, 250)
  const next = () => ({ url: cluster.url(), envelope: big(cluster) })
  await sender.stream(perSecond, () => (performance.now() < endsAt ? next() : undefined))
}

/** Half of them never end their headers, half never end their bodies; each writes a byte now and then. */
function slowClients(stage: Stage, url: string): Promise<number | undefined>[] {
  const head = webhookHead({ 'content-length': '100000', 'x-helpcrunch-signature': '0'.repeat(40) })
  return Array.from({ length: stage.size(100, 10) }, (_, index) => {
    const { socket, status } = openRawClient(stage, url, index % 2 === 0 ? head : head.slice(0, -2))
    const timer = setInterval(() => socket.writable && socket.write('x'), 500)
    stage.teardown(() => clearInterval(timer))
    return status
  })
}

/** All are cut off with 408; in the quick form nobody waits so long. */
async function judgeSlow(stage: Stage, slow: readonly Promise<number | undefined>[], idle: number): Promise<Figure[]> {
  if (stage.isQuick) return [told('idle', idle), told('slow', slow.length)]
  const statuses = await Promise.all(slow)
  const cutOff = statuses.filter((status) => status === 408).length
  return [told('idle', idle), exactly('slow_408', `${cutOff}/${slow.length}`, `${slow.length}/${slow.length}`)]
}

/** The statuses of headers, a body and chunk extensions that are too large, and of what is no HTTP. */
async function sendMalformed(stage: Stage, url: string): Promise<string> {
  const large = 'x'.repeat(32 * 1_024)
  const texts = [
    webhookHead({ 'x-large': large }),
    webhookHead({ 'content-length': String(2 * 1_048_576) }),
    `${webhookHead({ 'transfer-encoding': 'chunked' })}1;${large}\r\nx\r\n`,
    'no http at all\r\n\r\n',
  ]
  const statuses = await Promise.all(texts.map((text) => openRawClient(stage, url, text).status))
  return statuses.join(',')
}
