import { silentLogger, type Logger } from '#observability'
import type { Envelope } from '../../message.js'
import { refuseOversized, transportClosed } from '../limits.js'
import type { OnBatch, Subscription, Transport } from '../transport.js'
import { persist, type KafkaConnection } from './client.js'
import { Publisher } from './publisher.js'
import { KafkaSubscription } from './subscription.js'
import { Topics } from './topics.js'

export interface KafkaTransportOptions {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[]
  /** Name of the process, e.g. `settlement`. */
  readonly clientId: string
  /** A consumer that was killed is replaced after this; at least the broker's group.min.session.timeout.ms. Default 10 000. */
  readonly sessionTimeoutMs?: number
  /** Of topics that are created; default 4. Existing topics keep theirs. */
  readonly partitions?: number
  /** Offsets are committed this often, behind the batches; default 500. */
  readonly commitMs?: number
  /** A consumer that has lag and makes no progress for this long is rebuilt; default 15 000. */
  readonly stallMs?: number
  /** Pause after a rejected batch, doubled at each further rejection up to 5 s; default 100. */
  readonly retryPauseMs?: number
  readonly logger?: Logger
}

/**
 * Apache Kafka 4 through kafkajs. A broker that is away is waited for, in order; one that came back without its data gets its topics
 * again and is read from the beginning. What it lost is the outbox's to say again.
 */
export class KafkaTransport implements Transport {
  readonly #options: Required<KafkaTransportOptions>
  readonly #connection: KafkaConnection
  readonly #topics: Topics
  readonly #publisher: Publisher
  readonly #closing = new AbortController()
  readonly #subscriptions = new Set<KafkaSubscription>()

  constructor(options: KafkaTransportOptions) {
    this.#options = { sessionTimeoutMs: 10_000, partitions: 4, commitMs: 500, stallMs: 15_000, retryPauseMs: 100, logger: silentLogger, ...options }
    this.#connection = this.#options
    this.#topics = new Topics(this.#connection, this.#options.partitions)
    this.#publisher = new Publisher(this.#connection, this.#topics, this.#closing.signal)
  }

  /** Waits for a broker that is away. */
  async ensureTopics(topics: readonly string[]): Promise<void> {
    this.#topics.want(topics)
    await persist('create topics', this.#closing.signal, this.#options.logger, () => this.#topics.create())
  }

  async publish(envelopes: readonly Envelope[]): Promise<void> {
    if (this.#closing.signal.aborted) throw transportClosed()
    refuseOversized(envelopes)
    if (envelopes.length) await this.#publisher.publish(envelopes)
  }

  onLoss(again: () => AsyncIterable<readonly Envelope[]>): void { this.#publisher.onLoss(again) }

  async subscribe(group: string, topics: readonly string[], onBatch: OnBatch): Promise<Subscription> {
    if (this.#closing.signal.aborted) throw transportClosed()
    this.#topics.want(topics)
    const subscription = new KafkaSubscription(this.#connection, this.#topics, { ...this.#options, group, topics, onBatch })
    this.#subscriptions.add(subscription)
    await subscription.open()
    return {
      lag: () => subscription.lag(),
      close: async () => { await subscription.close(); this.#subscriptions.delete(subscription) },
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.close()))
    await this.#publisher.close()
  }
}
