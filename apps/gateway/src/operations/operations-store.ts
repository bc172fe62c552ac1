import type { AccessNoticeBody, DeadLetterNotice } from '#messaging'
import type { EvidenceRow } from '#security'
import type { ExchangeRecord, ExchangeState } from '../exchanges/exchange-store.js'

export type DeadLetterStatus = DeadLetterNotice['status']

/** A message that could not be handled, without its content: that stays sealed with the service. */
export interface DeadLetterRecord extends DeadLetterNotice { readonly settledAt?: string }

export interface AccessNoticeRecord extends AccessNoticeBody {
  readonly id: string
  readonly exchangeId: string
}

/** What an operator did. Written before the action takes effect; free of personal data and of secrets. */
export interface OperatorAction {
  readonly participantId: string
  /** `participant.register`, `key.issue`, `key.rotate`, `key.revoke`, `rights.set`, `dead-letter.replay`, `evidence.export` */
  readonly action: string
  /** Id of what it was done to. */
  readonly target: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/** The record as operators see and move it. Lists come newest first. */
export interface OperationsStore {
  deadLetters(filter: { readonly status?: DeadLetterStatus; readonly limit: number }): Promise<readonly DeadLetterRecord[]>
  deadLetter(id: string): Promise<DeadLetterRecord | undefined>
  /** Has the service handle it once more. */
  replay(letter: DeadLetterRecord, by: string): Promise<void>
  /** Every chain in order; `missing`: services that did not answer within `ms`. */
  evidence(ms: number): Promise<{ readonly missing: readonly string[]; readonly rows: AsyncIterable<EvidenceRow> }>
  accessNotices(filter: { readonly exchangeId?: string; readonly personKey?: string; readonly limit: number }): Promise<readonly AccessNoticeRecord[]>
  exchanges(filter: { readonly state?: ExchangeState; readonly caseId?: string; readonly limit: number }): Promise<readonly ExchangeRecord[]>
  /** Exchanges that ended in this process since it started. */
  ended(): Readonly<Partial<Record<ExchangeState, number>>>
  /** Resolves when the row is durable. */
  audit(action: OperatorAction): Promise<void>
}
