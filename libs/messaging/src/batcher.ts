/**
 * Gathers items while the last batch is under way and then hands them over together: an idle line answers at once, a busy one
 * gathers by itself. No fixed wait (measured: waits of 2–8 ms gained nothing). One batch at a time, in order.
 */
export class Batcher<T> {
  #items: T[] = []
  #waiting: PromiseWithResolvers<void>[] = []
  #running = false
  #idle: PromiseWithResolvers<void> | undefined

  constructor(private readonly flush: (items: T[]) => Promise<void>, private readonly most = 500) {}

  /** Resolves when the item's batch is done, rejects with its error. */
  push(item: T): Promise<void> {
    const waiting = Promise.withResolvers<void>()
    this.#items.push(item)
    this.#waiting.push(waiting)
    this.#start()
    return waiting.promise
  }

  get size(): number { return this.#items.length }

  /** Resolves when nothing is left. */
  async drain(): Promise<void> {
    if (!this.#running) return
    await (this.#idle ??= Promise.withResolvers<void>()).promise
  }

  #start(): void {
    if (this.#running) return
    this.#running = true
    // a microtask later, so that everything said in this turn goes together
    queueMicrotask(() => void this.#run())
  }

  async #run(): Promise<void> {
    while (this.#items.length) {
      const items = this.#items.splice(0, this.most)
      const waiting = this.#waiting.splice(0, this.most)
      try {
        await this.flush(items)
        for (const w of waiting) w.resolve()
      } catch (error) {
        for (const w of waiting) w.reject(error)
      }
    }
    this.#running = false
    this.#idle?.resolve()
    this.#idle = undefined
  }
}
