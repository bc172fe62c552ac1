import { setTimeout as sleep } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { Batcher } from '../../batcher.js'
import type { Envelope } from '../../message.js'
import { batchLength, pauseMs } from '../limits.js'
import type { OnBatch } from '../transport.js'
import { atMost, kafkaClient, reason, RETRY, type KafkaConnection } from './client.js'
import { partitionName } from './topics.js'
import type { Watched } from './watchdog.js'

export interface MemberSettings {
  readonly group: string
  readonly topics: readonly string[]
  readonly onBatch: OnBatch
  /** After this long without a heartbeat the broker gives the member's partitions to others. */
  readonly sessionTimeoutMs: number
  readonly commitMs: number
  readonly retryPauseMs: number
}

/** How long others wait for a member that still finishes a batch when the partitions are dealt anew. */
const REBALANCE_TIMEOUT_MS = 30_000
/** An idle member asks the broker this often; messages that arrive meanwhile are answered at once. */
const FETCH_WAIT_MS = 300

/** At hand together; beyond it partitions take turns. */
const MAX_PARTITIONS = 64

interface Place { readonly topic: string; readonly partition: number; next: bigint; high: bigint; committed: bigint }

/**
 * One membership of a consumer group, from join to leave. It never recovers by itself: when anything is wrong, `broken` resolves and
 * whoever made it makes another. Batches of several partitions that are at hand together are handed over together.
 */
export class Member implements Watched {
  readonly #consumer: Consumer
  readonly #broken = Promise.withResolvers<string>()
  /** Resolves with the reason when this membership is of no more use. */
  readonly broken: Promise<string> = this.#broken.promise
  readonly #places = new Map<string, Place>()
  readonly #gather = new Batcher<readonly Envelope[]>((runs) => this.#deliver(runs))
  readonly #timers: NodeJS.Timeout[] = []
  #payload: EachBatchPayload | undefined
  #leaving = false
  /** Aborted when batches at hand may no longer be ours: what is not in effect is left to the next owner. */
  #abandon = new AbortController()
  #joins = 0
  /** Envelopes taken and not yet in effect. */
  taken = 0
  /** Partitions that the group gave us. */
  assigned: ReadonlySet<string> = new Set()
  /** When the broker was last asked for messages or told that we live. */
  aliveAt = Date.now()

  constructor(private readonly connection: KafkaConnection, private readonly settings: MemberSettings) {
    const { group, sessionTimeoutMs } = settings
    this.#consumer = kafkaClient(connection, () => this.break('connection lost')).consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      rebalanceTimeout: Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs),
      minBytes: 1,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: 1024 * 1024,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: async () => false },
    })
  }

  get #heartbeatMs(): number { return Math.max(100, Math.floor(this.settings.sessionTimeoutMs / 4)) }

  /** By partition: the next offset after what is in effect, for partitions that have delivered since the last join. */
  get positions(): ReadonlyMap<string, bigint> { return new Map([...this.#places].map(([name, { next }]) => [name, next])) }

  get lag(): number {
    let lag = 0n
    for (const { high, next } of this.#places.values()) if (high > next) lag += high - next
    return Number(lag)
  }

  break(why: string): void { this.#broken.resolve(why) }

  /** Resolves when the group has let us in; rejects when it cannot. */
  async join(): Promise<void> {
    await Promise.race([this.#enter(), this.broken.then((why) => { throw new Error(why) })])
    this.#timers.push(setInterval(() => void this.#commit(), this.settings.commitMs))
    this.#timers.push(setInterval(() => void this.#beat(), this.#heartbeatMs / 2))
  }

  async #enter(): Promise<void> {
    const consumer = this.#consumer
    const { CRASH, GROUP_JOIN, HEARTBEAT, FETCH_START } = consumer.events
    const joined = Promise.withResolvers<void>()
    // listeners first: run() returns only after the first join
    consumer.on(GROUP_JOIN, ({ payload }) => { this.#joined(payload.memberAssignment); joined.resolve() })
    consumer.on(CRASH, ({ payload }) => this.break(reason(payload.error)))
    consumer.on(FETCH_START, () => { this.aliveAt = Date.now() })
    consumer.on(HEARTBEAT, () => { this.aliveAt = Date.now(); this.#renew() })
    await consumer.connect()
    await consumer.subscribe({ topics: [...this.settings.topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: MAX_PARTITIONS,
      eachBatch: (payload) => this.#eachBatch(payload),
    })
    await joined.promise
  }

  /** Waits for the batch under way, commits what is in effect and leaves the group. */
  async leave(): Promise<void> {
    this.#leaving = true
    this.#abandon.abort()
    await this.#gather.drain()
    for (const timer of this.#timers) clearInterval(timer)
    await atMost(2000, this.#commit())
    await atMost(5000, this.#consumer.disconnect())
  }

  #joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.assigned = new Set(Object.entries(assignment).flatMap(([topic, partitions]) => partitions.map((p) => partitionName(topic, p))))
    // partitions may have moved: offsets of the old assignment must not be committed under the new one
    this.#places.clear()
    this.#joins++
    this.#renew()
  }

  #renew(): void {
    if (this.#abandon.signal.aborted && !this.#leaving) this.#abandon = new AbortController()
  }

  /** Never throws into kafkajs, which would stop every partition and fetch it all again. */
  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    this.#payload = payload
    const { batch } = payload
    const { topic, partition, messages } = batch
    const joins = this.#joins
    const place = this.#place(topic, partition, BigInt(batch.firstOffset() ?? 0))
    place.high = BigInt(batch.highWatermark)
    const envelopes = messages.map((message) => toEnvelope(topic, message))
    for (let from = 0; from < envelopes.length;) {
      if (this.#abandon.signal.aborted || !payload.isRunning() || payload.isStale()) return
      const n = batchLength(envelopes, from)
      try {
        await this.#gather.push(n === envelopes.length ? envelopes : envelopes.slice(from, from + n))
      } catch {
        // abandoned: not resolved, so that whoever owns the partition next gets it again
        return
      }
      from += n
      const { offset } = messages[from - 1]!
      payload.resolveOffset(offset)
      if (joins === this.#joins) place.next = BigInt(from === envelopes.length ? batch.lastOffset() : offset) + 1n
    }
  }

  #place(topic: string, partition: number, first: bigint): Place {
    const name = partitionName(topic, partition)
    let place = this.#places.get(name)
    if (!place) this.#places.set(name, place = { topic, partition, next: first, high: first, committed: first })
    return place
  }

  async #deliver(runs: readonly (readonly Envelope[])[]): Promise<void> {
    const envelopes = runs.length === 1 ? runs[0]! : runs.flat()
    this.taken = envelopes.length
    try {
      for (let from = 0; from < envelopes.length;) {
        const n = batchLength(envelopes, from)
        await this.#untilInEffect(n === envelopes.length ? envelopes : envelopes.slice(from, from + n))
        from += n
        this.taken -= n
      }
    } finally {
      this.taken = 0
    }
  }

  /** Rejects when the batch is abandoned. */
  async #untilInEffect(batch: readonly Envelope[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.settings.onBatch(batch)
      } catch (error) {
        // the handler's owner logs why; here it only counts that the batch is not in effect
        await sleep(pauseMs(attempt, this.settings.retryPauseMs), undefined, { signal: this.#abandon.signal }).catch(() => {})
        if (this.#abandon.signal.aborted) throw error
      }
    }
  }

  /** kafkajs beats between batches only; a batch may take longer than the session. */
  async #beat(): Promise<void> {
    if (this.taken === 0) return
    try {
      await this.#payload?.heartbeat()
    } catch {
      // the group is dealt anew without us, or the broker is gone: what we hold may be another's
      this.#abandon.abort()
    }
  }

  async #commit(): Promise<void> {
    const places = [...this.#places.values()].filter(({ next, committed }) => next > committed)
    if (!places.length || !this.#payload) return
    const offsets = places.map(({ next }) => next)
    const topics = this.settings.topics.map((topic) => ({
      topic,
      partitions: places.flatMap((place, i) => place.topic === topic ? [{ partition: place.partition, offset: String(offsets[i]!) }] : []),
    })).filter(({ partitions }) => partitions.length)
    try {
      // not consumer.commitOffsets: that one tries again by itself, perhaps after the partitions have moved
      await this.#payload.commitOffsetsIfNecessary({ topics })
      places.forEach((place, i) => { place.committed = offsets[i]! })
    } catch {
      // said again with the next tick; if the membership has ended, the messages come again
    }
  }
}

function toEnvelope(topic: string, { key, value, headers }: KafkaMessage): Envelope {
  const strings: Record<string, string> = {}
  for (const name in headers) {
    const header = headers[name]
    if (header !== undefined) strings[name] = String(Array.isArray(header) ? header[0] : header)
  }
  return { topic, key: key?.toString() ?? '', headers: strings, body: value ?? Buffer.alloc(0) }
}
