import { Partitioners, type Message as KafkaMessage, type Producer } from 'kafkajs'
import type { Envelope } from '../../message.js'
import { BATCH_MAX_BYTES, batchLength } from '../limits.js'
import { atMost, kafkaClient, persist, type KafkaConnection } from './client.js'
import type { Topics } from './topics.js'

interface Call { readonly envelopes: readonly Envelope[]; readonly done: PromiseWithResolvers<void> }

const REQUEST_MAX_ENVELOPES = 1000

/**
 * One produce request at a time, with what gathered while the last was under way; the next begins when the broker has the last, which
 * is what keeps the order. A request that fails is sent again by a **new** producer: after a broker lost its data directory the old
 * producer's identity may belong to somebody else, and the broker would take our messages for that one's duplicates and drop them. So
 * there is never a repeat that an idempotent producer could recognise; receivers know it by its id.
 */
export class Publisher {
  #calls: Call[] = []
  #running: Promise<void> | undefined
  #producer: Producer | undefined
  /** The cluster that holds what was published. */
  #cluster: string | undefined
  /** Its cluster was looked at. */
  #checked: Producer | undefined
  readonly #again: (() => AsyncIterable<readonly Envelope[]>)[] = []

  constructor(private readonly connection: KafkaConnection, private readonly topics: Topics, private readonly closing: AbortSignal) {}

  publish(envelopes: readonly Envelope[]): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#calls.push({ envelopes, done })
    this.#running ??= this.#run()
    return done.promise
  }

  /** See `Transport.onLoss`. */
  onLoss(again: () => AsyncIterable<readonly Envelope[]>): void { this.#again.push(again) }

  /** Sends what waits unless the broker is away; call it after aborting `closing`. */
  async close(): Promise<void> {
    await this.#running
    await this.#drop()
  }

  async #run(): Promise<void> {
    // everything that is said in this turn of the event loop goes together
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#calls.length) {
      const calls = this.#take()
      try {
        await this.#send(calls.flatMap(({ envelopes }) => envelopes))
        for (const { done } of calls) done.resolve()
      } catch (error) {
        // only when closing: whatever waits behind would overtake what failed
        for (const { done } of calls.concat(this.#calls.splice(0))) done.reject(error)
      }
    }
    this.#running = undefined
  }

  #take(): Call[] {
    let bytes = 0
    let count = 0
    let n = 0
    while (n < this.#calls.length && count < REQUEST_MAX_ENVELOPES && bytes < BATCH_MAX_BYTES) {
      const { envelopes } = this.#calls[n++]!
      count += envelopes.length
      for (const { body } of envelopes) bytes += body.length
    }
    return this.#calls.splice(0, n)
  }

  async #send(envelopes: readonly Envelope[]): Promise<void> {
    for (let from = 0; from < envelopes.length;) {
      const n = batchLength(envelopes, from, REQUEST_MAX_ENVELOPES)
      const topicMessages = byTopic(n === envelopes.length ? envelopes : envelopes.slice(from, from + n))
      await persist('publish', this.closing, this.connection.logger, async () => {
        try {
          const producer = await this.#connected()
          await this.#makeUp(producer)
          await producer.sendBatch({ acks: -1, topicMessages })
        } catch (error) {
          await this.#drop()
          this.topics.want(topicMessages.map(({ topic }) => topic))
          await this.topics.create()
          throw error
        }
      })
      from += n
    }
  }

  /** Says again what a cluster that lost its data held, before anything newer; done when all of it is there. */
  async #makeUp(producer: Producer): Promise<void> {
    if (this.#checked === producer) return
    const cluster = await this.topics.cluster()
    if (this.#cluster !== undefined && this.#cluster !== cluster) {
      this.connection.logger.warn({}, 'the broker lost its data: what is open is published again')
      for (const again of this.#again) {
        for await (const envelopes of again()) {
          if (!envelopes.length) continue
          this.topics.want(envelopes.map(({ topic }) => topic))
          await this.topics.create()
          await producer.sendBatch({ acks: -1, topicMessages: byTopic(envelopes) })
        }
      }
    }
    this.#cluster = cluster
    this.#checked = producer
  }

  async #connected(): Promise<Producer> {
    if (this.#producer) return this.#producer
    const forget = (): void => { if (this.#producer === producer) void this.#drop() }
    const producer = kafkaClient(this.connection, forget).producer({
      createPartitioner: Partitioners.DefaultPartitioner, allowAutoTopicCreation: false, maxInFlightRequests: 1, retry: { retries: 0 },
    })
    try {
      await producer.connect()
    } catch (error) {
      void producer.disconnect().catch(() => {})
      throw error
    }
    return this.#producer = producer
  }

  async #drop(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    if (producer) await atMost(2000, producer.disconnect())
  }
}

function byTopic(envelopes: readonly Envelope[]): { topic: string; messages: KafkaMessage[] }[] {
  const topics = new Map<string, KafkaMessage[]>()
  for (const { topic, key, headers, body } of envelopes) {
    const message = { key, value: body, headers: headers as Record<string, string> }
    const messages = topics.get(topic)
    if (messages) messages.push(message)
    else topics.set(topic, [message])
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

