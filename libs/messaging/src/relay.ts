import { Failure } from '#kernel'
import type { Envelope } from './message.js'
import type { Transport } from './transport/transport.js'

/**
 * Hands committed outbox rows to the transport, in memory and in order. Nothing is marked when the transport has them: a row stays in
 * the database until its exchange is final, so a broker that loses what it acknowledged loses nothing of ours.
 */
export class Relay {
  #queue: Envelope[] = []
  #running = false
  #closed = false
  #idle: PromiseWithResolvers<void> | undefined

  constructor(private readonly transport: Transport, private readonly onError: (error: unknown) => void, private readonly most = 1000) {}

  hand(envelopes: readonly Envelope[]): void {
    for (const e of envelopes) this.#queue.push(e)
    if (!this.#running && this.#queue.length) { this.#running = true; queueMicrotask(() => void this.#run()) }
  }

  /** Waiting to be published. */
  get size(): number { return this.#queue.length }

  async close(): Promise<void> {
    if (this.#running) await (this.#idle ??= Promise.withResolvers<void>()).promise
    this.#closed = true
  }

  async #run(): Promise<void> {
    while (this.#queue.length && !this.#closed) {
      const batch = this.#queue.splice(0, this.most)
      try {
        await this.transport.publish(batch)
      } catch (error) {
        this.onError(error)
        // closed under us: what is left lies in the database and goes out at the next start
        if (!(error instanceof Failure) || error.code === 'INFRASTRUCTURE') { this.#closed = true; break }
        // one of them is too large for any transport: the others must not suffer; its exchange ends by its deadline
        for (const e of batch) await this.transport.publish([e]).catch(this.onError)
      }
    }
    this.#running = false
    this.#idle?.resolve()
  }
}
