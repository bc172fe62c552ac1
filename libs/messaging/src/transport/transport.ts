import type { Envelope } from '../message.js'

export interface Subscription {
  /** Stops taking; resolves when what was taken has been handed back or finished. */
  close(): Promise<void>
  /** Taken and not yet finished, plus what is known to wait. */
  lag(): number
}

/**
 * What carries envelopes between services. At least once: an envelope may come again, in order per key, until `onBatch` has resolved
 * for it. Durability is the outbox's, never the transport's.
 */
export interface Transport {
  /** Called once before anything is published or consumed; creates what is missing. */
  ensureTopics(topics: readonly string[]): Promise<void>
  /**
   * Resolves when the transport holds them (Kafka: acks=all); waits while the transport is full or away. Order is kept per topic and
   * key, within the array and from call to call, awaited or not. Rejects with `Failure` INFRASTRUCTURE once the transport is closed,
   * and with FIELD_INVALID, having published nothing, when a body is larger than `ENVELOPE_MAX_BYTES`.
   */
  publish(envelopes: readonly Envelope[]): Promise<void>
  /**
   * `group` sees each envelope of `topics` once if all goes well. `onBatch` resolves when the batch is in effect; when it rejects
   * (the database is away) the same batch is handed over again after a pause. It is called for one batch at a time per partition.
   * Every subscription of a group names the same topics; they share the group's envelopes.
   */
  subscribe(group: string, topics: readonly string[], onBatch: OnBatch): Promise<Subscription>
  /**
   * `again` yields, in its order, all that was published and may still be needed. When the transport has lost what it held (a broker that
   * came back without its data), that goes out before anything newer: the order of a case outlives the loss. Absent: it loses nothing.
   */
  onLoss?(again: () => AsyncIterable<readonly Envelope[]>): void
  /** Drains: nothing more is taken from publishers, subscriptions finish what they have. Never throws. */
  close(): Promise<void>
}

export type OnBatch = (batch: readonly Envelope[]) => Promise<void>
