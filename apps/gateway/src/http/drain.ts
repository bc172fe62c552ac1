/** Lets long waits end when the process is to stop, so that it need not be killed. */
export class Drain {
  readonly #waiting = new Set<() => void>()
  #begun = false

  get begun(): boolean { return this.#begun }

  begin(): void {
    this.#begun = true
    for (const end of this.#waiting) end()
  }

  /** What the wait brings, or undefined when the drain begins before. */
  async wait<T>(waiting: Promise<T>): Promise<T | undefined> {
    if (this.#begun) return undefined
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const end = (): void => resolve(undefined)
    this.#waiting.add(end)
    try { return await Promise.race([waiting, promise]) } finally { this.#waiting.delete(end) }
  }
}
