import type { Outcome, Fault } from '#kernel'
import type { Message, Step } from './message.js'

/** A long-running case as its domain last left it. `data` is the domain's own; it is sealed at rest. */
export interface Case<D = unknown> {
  readonly caseId: string
  readonly kind: string
  readonly state: string
  /** Raised by one at every change; a change written against another version is refused and decided anew. */
  readonly version: number
  readonly data: D
}

/** A message that a decision sends. Its id is derived from its cause and its place in the list, or from `name` where given. */
export interface Emission {
  readonly topic: string
  readonly type: string
  readonly body: unknown
  /** Stable name within the cause, for lists whose order may vary. */
  readonly name?: string
  /** Default: the cause's case, key, exchange. */
  readonly caseId?: string
  readonly key?: string
  readonly exchangeId?: string
  readonly deadline?: Date
  readonly versions?: Readonly<Record<string, string>>
  /** Steps known so far; default: the cause's trail plus the present step. */
  readonly trail?: readonly Step[]
}

/** Something worth proving: one row of the evidence chain. Digests only, never content. */
export interface Fact {
  readonly what: string
  /** Hex SHA-256 of what it speaks of; default: the digest of the message's body. */
  readonly digest?: string
  /** Default: the message's; a due time speaks of exchanges of its own. */
  readonly exchangeId?: string
  /** Small, free of personal data. */
  readonly detail?: Readonly<Record<string, string | number | boolean>>
}

/** A document kept beside the case (an AuditEvent, a receipt), sealed at rest, written in the same transaction. */
export interface Document {
  readonly kind: string
  readonly body: unknown
  /** Default: the message's. */
  readonly exchangeId?: string
}

/** Work outside the database, begun only after the decision is committed, e.g. a call to a province's system. */
export interface Effect {
  /** Effects of one lane are limited together (`360000`), those of one key within it run in order. */
  readonly lane: string
  readonly key: string
  readonly what: string
  readonly input: unknown
}

export interface Decision<D = unknown> {
  readonly outcome: Outcome
  /** The case afterwards; absent: unchanged. `dueAt`: when the handler of `<service>.due` is to be called for it; null: never. */
  readonly next?: { readonly kind: string; readonly state: string; readonly data: D; readonly dueAt?: Date | null }
  readonly emit?: readonly Emission[]
  readonly facts?: readonly Fact[]
  readonly documents?: readonly Document[]
  readonly effects?: readonly Effect[]
  /** What this step is called in the exchange's record; default: the message's type. */
  readonly step?: { readonly what?: string; readonly note?: string }
  /** Listed with the step when the outcome is a rejection. */
  readonly faults?: readonly Fault[]
}

export interface DecisionContext<D = unknown> {
  readonly message: Message
  readonly body: unknown
  readonly case: Case<D> | undefined
  /** The instant of this decision, the same for a whole batch. */
  readonly now: Date
}

/** Pure: same context, same decision. Throws `Failure`; anything else thrown is a bug and dead-letters the message. */
export type Handler<D = unknown> = (context: DecisionContext<D>) => Decision<D> | Promise<Decision<D>>
