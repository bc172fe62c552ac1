import { newId } from '#kernel'
import type { EvidenceRow } from '#security'
import type { Fault } from '#kernel'
import { NO_EXCHANGE } from './item.js'
import type { Envelope, Step } from './message.js'

/**
 * Commands and reports between the gateway and the services. They pass no inbox: each is harmless when it comes twice and asked again
 * when it is lost.
 */
export interface Operations {
  /** gateway → service: handle a dead letter once more. */
  'ops.replay': { readonly deadLetterId: string; readonly by: string }
  /** service → gateway: which of these are final? */
  'ops.finality.ask': { readonly service: string; readonly exchanges: readonly string[] }
  /** gateway → service: these are final, their outputs may go. */
  'ops.finality.tell': { readonly exchanges: readonly string[] }
  /** gateway → service: rows of your chains after these. */
  'ops.evidence.ask': { readonly after: Readonly<Record<string, number>>; readonly askId: string }
  /** service → gateway: rows, `done` with the last part. */
  'ops.evidence.tell': { readonly service: string; readonly askId: string; readonly rows: readonly EvidenceRow[]; readonly done: boolean }
  /** service → gateway, when it sends outputs again: how far the journey had come. */
  'ops.progress': { readonly exchangeId: string; readonly steps: readonly Step[] }
  /** service → gateway, through the outbox: a dead letter was set down, or settled. */
  'ops.dead-letter': DeadLetterNotice
}

export interface DeadLetterNotice {
  readonly id: string
  readonly service: string
  readonly type: string
  readonly code: string
  readonly faults: readonly Fault[]
  readonly digest: string
  readonly exchangeId: string
  readonly caseId: string
  readonly status: 'OPEN' | 'REPLAYED'
  readonly at: string
}

export const isOperation = (e: Envelope): boolean => e.headers.ce_type?.startsWith('ops.') === true && e.headers.ce_type !== 'ops.dead-letter'

export function operation<T extends keyof Operations>(type: T, source: string, topic: string, body: Operations[T]): Envelope {
  return {
    topic, key: source, body: Buffer.from(JSON.stringify(body)),
    headers: { ce_specversion: '1.0', ce_id: newId(), ce_type: type, ce_source: source, ce_subject: source, ce_time: new Date().toISOString(), 'content-type': 'application/json', tq_exchange: NO_EXCHANGE, tq_attempt: '0' },
  }
}
export const operationBody = <T extends keyof Operations>(_type: T, e: Envelope): Operations[T] => JSON.parse(e.body.toString()) as Operations[T]
