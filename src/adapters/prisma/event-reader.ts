import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts'
import { toNumber } from './routing-record.ts'

export interface EventFilter {
  readonly status?: string
  readonly type?: string
  readonly chatId?: number
}

export interface EventSummary {
  /** The order of arrival. */
  readonly seq: bigint
  readonly id: string
  readonly type: string
  readonly status: string
  readonly problem: string | null
  readonly chatId: number | null
  readonly customerId: number | null
  readonly happenedAt: Date
  readonly receivedAt: Date
  readonly finishedAt: Date | null
  readonly decisionId: bigint | null
  /** When the customer's data was erased: the body is empty since. */
  readonly erasedAt: Date | null
}

export interface EventReader {
  /** Newest first, stored before the event with the sequence number `before`. */
  list(filter: EventFilter, limit: number, before: bigint | undefined): Promise<EventSummary[]>
  find(id: string): Promise<(EventSummary & { readonly body: Uint8Array }) | undefined>
}

const SUMMARY = { omit: { body: true }, include: { decision: { select: { id: true } } } } as const

/** What HelpCrunch sent. */
export function createEventReader(prisma: PrismaClient): EventReader {
  return {
    async list({ status, type, chatId }, limit, before) {
      const where: Prisma.WebhookEventWhereInput = {
        ...(status !== undefined && { status }),
        ...(type !== undefined && { type }),
        ...(chatId !== undefined && { chatId: BigInt(chatId) }),
        ...(before !== undefined && { seq: { lt: before } }),
      }
      const rows = await prisma.webhookEvent.findMany({ where, orderBy: { seq: 'desc' }, take: limit, ...SUMMARY })
      return rows.map(readSummary)
    },

    async find(id) {
      const row = await prisma.webhookEvent.findUnique({ where: { id }, include: SUMMARY.include })
      return row === null ? undefined : { ...readSummary(row), body: row.body }
    },
  }
}

function readSummary(row: Prisma.WebhookEventGetPayload<typeof SUMMARY>): EventSummary {
  const { seq, id, type, status, problem, happenedAt, receivedAt, finishedAt, erasedAt, decision } = row
  const about = { chatId: toNumber(row.chatId), customerId: toNumber(row.customerId) }
  return {
    seq,
    id,
    type,
    status,
    problem,
    ...about,
    happenedAt,
    receivedAt,
    finishedAt,
    decisionId: decision?.id ?? null,
    erasedAt,
  }
}
