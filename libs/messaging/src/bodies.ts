import type { Fault } from '#kernel'

/** Body of every `<exchange>.request` message (gateway → domain): what a domain is asked, by whom. */
export interface RequestBody<R = unknown> {
  /** Canonical request, valid against the exchange's request schema. */
  readonly request: R
  readonly sender: { readonly participantId: string; readonly province: string; readonly organizationCode: string }
  /** Provinces that the sender may and wants to ask; empty when the case knows them. */
  readonly targets: readonly string[]
}

/** Body of every `<exchange>.deliver` message (domain → connector, or → gateway for a pull province): one document for one province. */
export interface DeliverBody<R = unknown> {
  readonly province: string
  /** `medical-records.discover` */
  readonly exchange: string
  /** Canonical schema name of `document`, e.g. `discover-request`. */
  readonly schema: string
  readonly document: R
}

/** Body of every `<exchange>.answer` message (connector or gateway → domain). */
export interface AnswerBody<A = unknown> {
  readonly province: string
  readonly status: 'answered' | 'unavailable' | 'timeout' | 'invalid'
  /** Canonical schema name of `document`; present when answered. */
  readonly schema?: string
  readonly document?: A
  /** Why not, when not answered; pointers into the province's own document. */
  readonly faults?: readonly Fault[]
  /** Hex SHA-256 of the native bytes received. */
  readonly nativeDigest?: string
  /** Number of fields that the translation could not carry. */
  readonly lossCount?: number
}

/** Body of every `<exchange>.result` message (domain → gateway); ends the exchange. */
export interface ResultBody {
  readonly state: 'COMPLETED' | 'REJECTED' | 'FAILED'
  readonly partial: boolean
  /** Canonical schema name of `result`, e.g. `discover-result`; absent when there is none. */
  readonly schema?: string
  readonly result?: unknown
  readonly faults?: readonly Fault[]
}

/** Body of `notice.access` (domain → gateway): the patient is told who looked. No content of the record. */
export interface AccessNoticeBody {
  /** Keyed hash of the person. */
  readonly personKey: string
  readonly exchange: string
  readonly organization: { readonly code: string; readonly name: string }
  readonly purpose: string
  readonly provinces: readonly string[]
  readonly what: string
  readonly at: string
}
