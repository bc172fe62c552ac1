import type { Envelope } from '../../message.js'
import { BATCH_MAX_ENVELOPES, refuseOversized, transportClosed } from '../limits.js'
import type { OnBatch, Subscription, Transport } from '../transport.js'
import { Group, Queue } from './group.js'

export interface MemoryTransportOptions {
  /** `publish` waits while a queue it wrote to holds more than this; default 10 000. */
  readonly queueLimit?: number
  /** Default 500. */
  readonly batchLimit?: number
  /** Pause after a rejected batch, doubled at each further rejection up to 5 s; default 100. */
  readonly retryPauseMs?: number
}

/**
 * The transport of one process. Each group has one queue; an envelope is shared between groups, never copied, so nobody may change one.
 * What is published to a topic before its first group subscribes waits for that group; a group that comes later sees what comes later.
 */
export class MemoryTransport implements Transport {
  readonly #groups = new Map<string, Group>()
  readonly #byTopic = new Map<string, Queue[]>()
  /** One for each topic that no group has subscribed to yet. */
  readonly #unclaimed = new Map<string, Queue>()
  readonly #options: Required<MemoryTransportOptions>
  #closed = false

  constructor(options: MemoryTransportOptions = {}) {
    this.#options = { queueLimit: 10_000, batchLimit: BATCH_MAX_ENVELOPES, retryPauseMs: 100, ...options }
  }

  async ensureTopics(): Promise<void> {}

  async publish(envelopes: readonly Envelope[]): Promise<void> {
    if (this.#closed) throw transportClosed()
    refuseOversized(envelopes)
    const written = new Set<Queue>()
    for (const envelope of envelopes) {
      for (const queue of this.#queuesOf(envelope.topic)) { queue.push(envelope); written.add(queue) }
    }
    for (const queue of written) await queue.room()
  }

  async subscribe(group: string, topics: readonly string[], onBatch: OnBatch): Promise<Subscription> {
    if (this.#closed) throw transportClosed()
    return this.#group(group, topics).subscribe(onBatch)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#groups.values()].map((group) => group.close()))
    for (const queue of this.#unclaimed.values()) queue.close()
  }

  #queuesOf(topic: string): readonly Queue[] {
    const queues = this.#byTopic.get(topic)
    if (queues) return queues
    const unclaimed = new Queue(this.#options.queueLimit)
    this.#unclaimed.set(topic, unclaimed)
    const held = [unclaimed]
    this.#byTopic.set(topic, held)
    return held
  }

  #group(name: string, topics: readonly string[]): Group {
    const known = this.#groups.get(name)
    if (known) {
      if (known.topics.size !== new Set(topics).size || !topics.every((topic) => known.topics.has(topic))) {
        throw new Error(`the subscriptions of group ${name} name different topics`)
      }
      return known
    }
    const group = new Group(new Set(topics), this.#options)
    this.#groups.set(name, group)
    for (const topic of group.topics) {
      const unclaimed = this.#unclaimed.get(topic)
      if (unclaimed) {
        this.#unclaimed.delete(topic)
        this.#byTopic.set(topic, [group.queue])
        group.queue.takeOver(unclaimed)
      } else {
        this.#byTopic.set(topic, [...this.#byTopic.get(topic) ?? [], group.queue])
      }
    }
    return group
  }
}
