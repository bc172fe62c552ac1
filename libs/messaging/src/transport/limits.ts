import { Failure } from '#kernel'
import type { Envelope } from '../message.js'

/** Largest body of one envelope. Kafka's topics are created to hold it; memory refuses the same, so that both behave alike. */
export const ENVELOPE_MAX_BYTES = 16 * 1024 * 1024

/** A batch is what gathered while the last one was under way, up to this. */
export const BATCH_MAX_ENVELOPES = 500
export const BATCH_MAX_BYTES = 4 * 1024 * 1024

/** An envelope that no broker would take must not hold up the ones behind it. */
export function refuseOversized(envelopes: readonly Envelope[]): void {
  for (const { topic, body } of envelopes) {
    if (body.length > ENVELOPE_MAX_BYTES) {
      throw new Failure('FIELD_INVALID', [], { detail: `a body of ${body.length} bytes for ${topic} exceeds ${ENVELOPE_MAX_BYTES}` })
    }
  }
}

export const transportClosed = (cause?: unknown): Failure => new Failure('INFRASTRUCTURE', [], { cause, detail: 'the transport is closed' })

/** How many of `envelopes`, from `from` on, make one batch: at least one. */
export function batchLength(envelopes: readonly Envelope[], from = 0, most = BATCH_MAX_ENVELOPES): number {
  let bytes = 0
  let n = 0
  for (let i = from; i < envelopes.length && n < most; i++, n++) {
    bytes += envelopes[i]!.body.length
    if (n > 0 && bytes > BATCH_MAX_BYTES) break
  }
  return n
}

/** Pause after attempt 1, 2, … that failed: doubles from `firstMs` up to `mostMs`. */
export const pauseMs = (attempt: number, firstMs = 100, mostMs = 5000): number => Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 16))
