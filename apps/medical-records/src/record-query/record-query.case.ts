import type { Step } from '#messaging'
import type { Authorization, PersonQuery, Requester } from '#schemas'
import { sha256Hex } from '#security'

/** Who asks and on which ground, as far as it is needed again when data leave. */
export interface Asker {
  readonly requester: Requester
  readonly authorization: Authorization
}

/** What a case knows of one document that a holder listed. */
export interface ListedDocument {
  readonly status: 'current' | 'superseded' | 'entered-in-error'
  /** WS/T 500 code, e.g. C0053. */
  readonly type?: string
  /** Of the native bytes, as the holder's index gave it. */
  readonly hash?: string
}

export type MissingReason = 'TIMEOUT' | 'UNAVAILABLE' | 'ANSWER_INVALID' | 'FAULT' | 'NOT_RESOLVED'

/** One province's part in an open exchange. `trail` keeps its steps for the record until the others have answered. */
export type Leg<F = unknown> =
  | { readonly status: 'open' }
  | { readonly status: 'answered'; readonly found: F; readonly trail?: readonly Step[] }
  | { readonly status: 'missing'; readonly reason: MissingReason; readonly text?: string; readonly trail?: readonly Step[] }

export interface OpenExchange<F = unknown> {
  readonly message: 'discover' | 'list' | 'retrieve'
  /** Key in `askers`. */
  readonly asker: string
  /** ISO 8601 UTC: later answers are logged, never merged. */
  readonly deadline: string
  /** Steps until the provinces were asked, for the record of an exchange that ends by its deadline. */
  readonly trail: readonly Step[]
  /** By province code. */
  readonly legs: Readonly<Record<string, Leg<F>>>
  /** By province code: the holder's identifier of the person that was asked about; absent for discovery. */
  readonly holders?: Readonly<Record<string, string>>
  /** Asked for, but not known for certain. */
  readonly notResolved?: readonly string[]
  readonly documentId?: string
  /** The list was asked for a part only, so what it does not name may still exist. */
  readonly filtered?: boolean
}

/** Data of a `record-query` case. Closed exchanges leave `open`, and askers nobody refers to leave `askers`: it does not grow with use. */
export interface RecordQueryData {
  /** Participant that opened the case; nobody else may use it. */
  readonly owner: string
  /** The person asked for; null in a case that was denied. */
  readonly subject: PersonQuery | null
  /** Keyed hash of document type and number. */
  readonly personKey: string
  /** By province code: provinces that know the person for certain. */
  readonly resolved: Readonly<Record<string, { readonly patientIdentifier: string; readonly rule: string }>>
  /** By province code and document id. */
  readonly documents: Readonly<Record<string, Readonly<Record<string, ListedDocument>>>>
  readonly askers: Readonly<Record<string, Asker>>
  /** By exchange id. */
  readonly open: Readonly<Record<string, OpenExchange>>
}

export const KIND = 'record-query'
/** Exchanges of one case that may be open at once; more would make its row grow with the load. */
export const MAX_OPEN = 5000

export const newCase = (owner: string, personKey: string, subject: PersonQuery | null): RecordQueryData =>
  ({ owner, subject, personKey, resolved: {}, documents: {}, askers: {}, open: {} })

export function withOpen(data: RecordQueryData, exchangeId: string, asker: Asker, exchange: Omit<OpenExchange, 'asker'>): RecordQueryData {
  const key = sha256Hex(JSON.stringify(asker)).slice(0, 16)
  return { ...data, askers: data.askers[key] ? data.askers : { ...data.askers, [key]: asker }, open: { ...data.open, [exchangeId]: { ...exchange, asker: key } } }
}

export function withLeg(data: RecordQueryData, exchangeId: string, exchange: OpenExchange, province: string, leg: Leg): RecordQueryData {
  return { ...data, open: { ...data.open, [exchangeId]: { ...exchange, legs: { ...exchange.legs, [province]: leg } } } }
}

export function withoutOpen(data: RecordQueryData, exchangeId: string): RecordQueryData {
  const { [exchangeId]: closed, ...open } = data.open
  if (!closed || Object.values(open).some(e => e.asker === closed.asker)) return { ...data, open }
  const { [closed.asker]: _, ...askers } = data.askers
  return { ...data, askers, open }
}

export const isComplete = (exchange: OpenExchange): boolean => Object.values(exchange.legs).every(l => l.status !== 'open')

/** The next instant at which somebody's patience ends; null: nothing is open. */
export function nextDeadline(data: RecordQueryData): Date | null {
  let first: string | undefined
  for (const e of Object.values(data.open)) if (first === undefined || e.deadline < first) first = e.deadline
  return first === undefined ? null : new Date(first)
}
