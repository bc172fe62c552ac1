import { setTimeout as sleep } from 'node:timers/promises'
import type { Envelope } from '../../message.js'
import { batchLength, pauseMs, transportClosed } from '../limits.js'
import type { OnBatch, Subscription } from '../transport.js'

/** Envelopes in order, with publishers who wait for room. */
export class Queue {
  #items: Envelope[] = []
  #room: PromiseWithResolvers<void> | undefined
  #closed = false
  onPush: () => void = () => {}

  constructor(private readonly limit: number) {}

  get size(): number { return this.#items.length }

  push(envelope: Envelope): void {
    this.#items.push(envelope)
    this.onPush()
  }

  /** Resolves when the queue is no longer over its limit. */
  async room(): Promise<void> {
    if (this.#items.length <= this.limit) return
    if (this.#closed) throw transportClosed()
    await (this.#room ??= Promise.withResolvers<void>()).promise
  }

  /** Takes the next batch. */
  take(most: number): Envelope[] {
    const batch = this.#items.splice(0, batchLength(this.#items, 0, most))
    if (this.#items.length <= this.limit) this.#release()
    return batch
  }

  putBack(batch: readonly Envelope[]): void { this.#items.unshift(...batch) }

  /** Gets what `other` holds; its waiting publishers go on. */
  takeOver(other: Queue): void {
    for (const envelope of other.#items) this.push(envelope)
    other.#items = []
    other.#release()
  }

  close(): void {
    this.#closed = true
    this.#room?.reject(transportClosed())
    this.#room = undefined
  }

  #release(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}

/** One group: its queue, and its subscriptions, of which the oldest works while the others stand by. */
export class Group {
  readonly queue: Queue
  readonly #members: Member[] = []
  #closing = false

  constructor(readonly topics: ReadonlySet<string>, private readonly options: { readonly queueLimit: number; readonly batchLimit: number; readonly retryPauseMs: number }) {
    this.queue = new Queue(options.queueLimit)
    this.queue.onPush = () => this.#members[0]?.wake()
  }

  subscribe(onBatch: OnBatch): Subscription {
    const member = new Member(this.queue, onBatch, this.options)
    this.#members.push(member)
    if (this.#members[0] === member) member.wake()
    const close = async (): Promise<void> => {
      await member.close()
      const place = this.#members.indexOf(member)
      if (place >= 0) this.#members.splice(place, 1)
      if (!this.#closing) this.#members[0]?.wake()
    }
    return { close, lag: () => this.queue.size + member.taken }
  }

  /** Lets the working member empty the queue unless its batches fail, then closes all. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#members[0]?.drain()
    await Promise.all(this.#members.map((member) => member.close()))
    this.queue.close()
  }
}

class Member {
  taken = 0
  #running: Promise<void> | undefined
  #closed = false
  /** From here on a batch that fails is handed back at once instead of being tried again. */
  readonly #ending = new AbortController()

  constructor(private readonly queue: Queue, private readonly onBatch: OnBatch, private readonly options: { readonly batchLimit: number; readonly retryPauseMs: number }) {}

  wake(): void {
    if (this.#closed || this.#running || this.queue.size === 0) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (!this.#ending.signal.aborted) this.wake()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.drain()
  }

  /** Resolves when the queue is empty or a batch has failed. */
  async drain(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    // everything that is said in this turn of the event loop goes together
    await new Promise((resolve) => setImmediate(resolve))
    while (!this.#closed && this.queue.size > 0) {
      const batch = this.queue.take(this.options.batchLimit)
      this.taken = batch.length
      const done = await this.#finish(batch)
      this.taken = 0
      if (!done) { this.queue.putBack(batch); return }
    }
  }

  /** True when the batch is in effect, false when it must be handed back. */
  async #finish(batch: readonly Envelope[]): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.onBatch(batch)
        return true
      } catch {
        // the handler's owner logs why; here it only counts that the batch is not in effect
        const { signal } = this.#ending
        await sleep(pauseMs(attempt, this.options.retryPauseMs), undefined, { signal }).catch(() => {})
        if (signal.aborted) return false
      }
    }
  }
}
