import type { Fault, FailureCode } from '#kernel'
import type { EvidenceRow } from '#security'
import type { Envelope } from '../message.js'

export type Held = 'gap' | 'retry' | 'blocked' | 'draining'

/** A case with what the pipeline itself must know of it. */
export interface StoredCase {
  readonly caseId: string
  readonly kind: string
  readonly state: string
  readonly version: number
  readonly lastSeq: number
  /** Why its messages are parked; null: they flow. */
  readonly held: Held | null
  readonly parked: number
  readonly data: unknown
  readonly dueAt: Date | null
}

export interface ParkedMessage {
  readonly id: string
  readonly exchangeId: string
  readonly caseId: string
  readonly seq?: number
  readonly reason: Held
  readonly dueAt: Date | null
  readonly attempt: number
  readonly envelope: Envelope
}

export interface DeadLetter {
  readonly id: string
  readonly exchangeId: string
  readonly caseId: string
  readonly type: string
  readonly code: FailureCode
  /** Pointers and texts, never values. */
  readonly faults: readonly Fault[]
  /** Hex SHA-256 of the body. */
  readonly digest: string
  readonly envelope: Envelope
  readonly status: 'OPEN' | 'REPLAYED'
}

/** Work claimed in the database, to be done outside it. */
export interface PendingEffect {
  /** Stable: the target's idempotency key. */
  readonly id: string
  readonly exchangeId: string
  readonly caseId: string
  readonly lane: string
  readonly key: string
  readonly what: string
  readonly input: unknown
  readonly deadline?: string
  readonly traceparent: string
  /** The steps that led here. */
  readonly trail?: string
  /** True when a process before this one may have begun it: ask the target before doing it again. */
  readonly resumed: boolean
  /** 1, 2 … within this process. */
  readonly attempt: number
}

/** Everything one batch changes; written in one transaction, one statement. */
export interface Commit {
  readonly inbox: readonly string[]
  /** Each written once per commit, its version one above the stored one. */
  readonly cases: readonly StoredCase[]
  readonly outbox: readonly Envelope[]
  readonly evidence: readonly EvidenceRow[]
  readonly documents: readonly { readonly id: string; readonly exchangeId: string; readonly caseId: string; readonly kind: string; readonly body: unknown }[]
  readonly park: readonly ParkedMessage[]
  /** Ids of parked messages that are handled now; each must still be there. */
  readonly unpark: readonly string[]
  readonly deadLetters: readonly DeadLetter[]
  readonly settledDeadLetters: readonly string[]
  readonly effects: readonly PendingEffect[]
  readonly doneEffects: readonly string[]
}

/** Thrown by `commit` when another writer was faster: the batch is decided anew on fresh state. */
export class StaleState extends Error { override readonly name = 'StaleState' }
/** Thrown by `commit` when a message of the batch is in the inbox already. */
export class KnownMessage extends Error { override readonly name = 'KnownMessage' }

/** The truth of one service. PostgreSQL in every deployment; in memory for the deterministic simulation. */
export interface Store {
  cases(ids: readonly string[]): Promise<StoredCase[]>
  known(ids: readonly string[]): Promise<Set<string>>
  commit(commit: Commit): Promise<void>
  /** Outputs still kept for these exchanges, in order. */
  outputs(exchangeIds: readonly string[]): Promise<Envelope[]>
  /** All outputs kept, in order, page by page. */
  leftovers(afterN: bigint, limit: number): Promise<{ envelopes: Envelope[]; lastN: bigint }>
  pendingEffects(): Promise<PendingEffect[]>
  dueCases(now: Date, limit: number): Promise<{ caseId: string; dueAt: Date }[]>
  dueParked(now: Date, limit: number): Promise<ParkedMessage[]>
  parkedOf(caseId: string, limit: number): Promise<ParkedMessage[]>
  stillParked(ids: readonly string[]): Promise<Set<string>>
  /** Cases whose messages are set aside at present. */
  heldCases(): Promise<string[]>
  /** Cases whose parked messages may flow again but wait: after a restart, or behind a retry that has ended. */
  drainingCases(): Promise<string[]>
  deadLetter(id: string): Promise<DeadLetter | undefined>
  /** Exchanges with outputs older than `olderThan`. */
  openExchanges(olderThan: Date, limit: number): Promise<string[]>
  forget(exchangeIds: readonly string[]): Promise<void>
  /** Drops inbox rows older than that; it must exceed every time after which a transport may still deliver again. */
  trimInbox(olderThan: Date): Promise<void>
  chainEnd(chain: string): Promise<{ n: number; head: string } | undefined>
  evidenceAfter(chain: string, n: number, limit: number): Promise<EvidenceRow[]>
  chains(): Promise<string[]>
}
