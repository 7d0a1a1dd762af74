import type { Outcome } from '../../domain/decide.ts'
import type { Facts, Lookup } from '../../domain/facts.ts'
import type { Prisma, PrismaClient } from '../../generated/prisma/client.ts'
import type { DecisionReader, DecisionSummary } from '../../services/read-decision.ts'
import { toNumber } from './routing-record.ts'

export interface DecisionFilter {
  readonly outcome?: string
  readonly rule?: string
  readonly department?: number
  readonly chatId?: number
  /** By the time of the decision: `from` inclusive, `to` exclusive. */
  readonly from?: Date
  readonly to?: Date
}

/** A place in the list, not a decision: a retry may have taken back the one that was there. */
type DecisionPlace = Pick<DecisionSummary, 'decidedAt' | 'id'>

export interface DecisionList {
  /** Newest first, after the place `before`. */
  list(filter: DecisionFilter, limit: number, before: DecisionPlace | undefined): Promise<DecisionSummary[]>
}

const SUMMARY = { omit: { facts: true } } as const
const EVENT = { id: true, attempts: { orderBy: { number: 'asc' } } } as const

const BY_ID: Prisma.DecisionOrderByWithRelationInput[] = [{ id: 'desc' }]
const BY_TIME: Prisma.DecisionOrderByWithRelationInput[] = [{ decidedAt: 'desc' }, { id: 'desc' }]

export function createDecisionReader(prisma: PrismaClient): DecisionReader & DecisionList {
  const olderById = ({ id }: DecisionPlace): Prisma.DecisionWhereInput => ({ id: { lt: id } })
  const olderByTime = ({ decidedAt, id }: DecisionPlace): Prisma.DecisionWhereInput => {
    return { OR: [{ decidedAt: { lt: decidedAt } }, { decidedAt, id: { lt: id } }] }
  }
  /** The ids of the decisions' events. Read with them, one that is deleted in between would be an error of Prisma's. */
  const findEventIds = async (rows: readonly SummaryRow[]): Promise<ReadonlyMap<bigint, string>> => {
    const where = { seq: { in: rows.map(({ eventSeq }) => eventSeq) } }
    const events = await prisma.webhookEvent.findMany({ where, select: { seq: true, id: true } })
    return new Map(events.map(({ seq, id }) => [seq, id]))
  }
  return {
    async list({ outcome, rule, department, chatId, from, to }, limit, before) {
      // By id alone, a page of long ago would be searched for among all that came since (1 s of 300,000 decisions).
      const isByTime = (from ?? to) !== undefined
      const orderBy = isByTime ? BY_TIME : BY_ID
      const whatIsOlder = isByTime ? olderByTime : olderById
      const where: Prisma.DecisionWhereInput = {
        ...(outcome !== undefined && { outcome }),
        ...(rule !== undefined && { ruleKey: rule }),
        ...(department !== undefined && { toDepartmentId: BigInt(department) }),
        ...(chatId !== undefined && { chatId: BigInt(chatId) }),
        ...((from ?? to) && { decidedAt: { ...(from && { gte: from }), ...(to && { lt: to }) } }),
        ...(before !== undefined && whatIsOlder(before)),
      }
      for (;;) {
        const rows = await prisma.decision.findMany({ where, orderBy, take: limit, ...SUMMARY })
        const eventIds = await findEventIds(rows)
        const summaries = rows.flatMap((row) => {
          const eventId = eventIds.get(row.eventSeq)
          return eventId === undefined ? [] : [readSummary(row, eventId)]
        })
        if (summaries.length === rows.length) return summaries // else some were deleted, and others take their places
      }
    },

    async find(id) {
      const row = await prisma.decision.findUnique({ where: { id } })
      const event = row && (await prisma.webhookEvent.findUnique({ where: { seq: row.eventSeq }, select: EVENT }))
      if (row === null || event === null) return undefined
      const attempts = event.attempts.map(({ id: _id, eventSeq: _seq, ...attempt }) => attempt)
      // Both are only ever written from those types.
      const known = { facts: row.facts as Facts, openLookups: new Set(row.openLookups as Lookup[]) }
      return { ...readSummary(row, event.id), ...known, attempts, happenedAt: row.happenedAt }
    },
  }
}

type SummaryRow = Prisma.DecisionGetPayload<typeof SUMMARY>

function readSummary(row: SummaryRow, eventId: string): DecisionSummary {
  const { ruleKey, ruleVersion } = row
  return {
    id: row.id,
    eventId,
    eventType: row.eventType,
    chatId: toNumber(row.chatId),
    customerId: toNumber(row.customerId),
    outcome: row.outcome as Outcome, // only ever written from that type
    reason: row.reason,
    mode: row.mode,
    rule: ruleKey !== null && ruleVersion !== null ? { key: ruleKey, version: ruleVersion } : null,
    department: { from: toNumber(row.fromDepartmentId), to: toNumber(row.toDepartmentId) },
    rulesetVersion: row.rulesetVersion,
    receivedAt: row.receivedAt,
    decidedAt: row.decidedAt,
    appliedAt: row.appliedAt,
    erasedAt: row.erasedAt,
  }
}
