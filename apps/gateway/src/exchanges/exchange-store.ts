import type { Fault } from '#kernel'
import type { Step } from '#messaging'

/**
 * OPEN: under way. BLOCKED: waits for an operator (dead letter). The rest is final and never left:
 * COMPLETED (also a partial result: `partial`), REJECTED (the business said no), FAILED, EXPIRED.
 */
export type ExchangeState = 'OPEN' | 'BLOCKED' | 'COMPLETED' | 'REJECTED' | 'FAILED' | 'EXPIRED'

/** What the HTTP edge hands over once a document is admitted, translated and valid. */
export interface Intake {
  readonly id: string
  /** `medical-records.discover` */
  readonly exchange: string
  readonly participantId: string
  /** Province of the participant; its dialect is the reply's. */
  readonly province: string
  readonly organizationCode: string
  /** Given by the sender, or the exchange's own id for a new case. */
  readonly caseId: string
  /** Ordering key; no personal data. */
  readonly key: string
  /** Only when the sender numbers its messages; else the gateway gives the next one. */
  readonly seq?: number
  readonly idempotencyKey?: string
  /** Hex SHA-256 of the original bytes. */
  readonly digest: string
  readonly contentType: string
  readonly original: Buffer
  readonly canonical: unknown
  readonly targets: readonly string[]
  readonly purpose: string
  readonly versions: Readonly<Record<string, string>>
  readonly traceparent: string
  readonly receivedAt: Date
}

export interface ExchangeRecord {
  readonly id: string
  readonly exchange: string
  readonly participantId: string
  readonly province: string
  readonly caseId: string
  readonly seq: number
  readonly state: ExchangeState
  readonly partial: boolean
  readonly targets: readonly string[]
  readonly purpose: string
  readonly receivedAt: string
  readonly finishedAt?: string
  readonly attempt: number
  readonly versions: Readonly<Record<string, string>>
  readonly traceparent: string
  readonly digest: string
  readonly steps: readonly Step[]
  readonly faults: readonly Fault[]
  /** Canonical schema name of the reply. */
  readonly replySchema?: string
}

export type Accepted =
  | { readonly kind: 'accepted'; readonly id: string; readonly seq: number }
  /** Same Idempotency-Key, same bytes: the earlier exchange. */
  | { readonly kind: 'replayed'; readonly id: string }
  | { readonly kind: 'conflict' }
  /** The case was opened by another participant. */
  | { readonly kind: 'foreign-case' }
  /** The sender used this sequence number in this case before. */
  | { readonly kind: 'sequence-taken' }

/** The gateway's record of exchanges; the truth behind 202, waits and status. */
export interface ExchangeStore {
  /** Resolves when the exchange is durable (fsync). */
  accept(intake: Intake): Promise<Accepted>
  get(id: string): Promise<ExchangeRecord | undefined>
  /** Resolves with the final record, or undefined when `ms` have passed. */
  waitFor(id: string, ms: number): Promise<ExchangeRecord | undefined>
  /** The canonical reply; undefined while there is none. */
  reply(id: string): Promise<{ schema: string; canonical: unknown } | undefined>
  /** The sender's own bytes. */
  original(id: string): Promise<{ bytes: Buffer; contentType: string } | undefined>
  /** Exchanges not final, for back-pressure. */
  backlog(): number
}
