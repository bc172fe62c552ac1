import type { Clock } from '#kernel'
import { admit, CLOSED, settle, type BreakerLimits, type BreakerState, type Health, type Pass } from './breaker.js'

/** Lets the calls to one province through as its breaker says; those that may not go wait here. */
export class BreakerGate {
  #state: BreakerState = CLOSED
  readonly #waiting = new Set<() => void>()

  constructor(private readonly limits: BreakerLimits, private readonly clock: Clock) {}

  get state(): BreakerState['kind'] { return this.#state.kind }

  /** Resolves with a pass, or with undefined as soon as it is certain that none can be had before `untilMs`. Rejects when `signal` aborts. */
  async enter(untilMs: number, signal: AbortSignal): Promise<Pass | undefined> {
    for (;;) {
      signal.throwIfAborted()
      const now = this.clock.now().getTime()
      if (now >= untilMs) return undefined
      const { state, pass, retryAt } = admit(this.#state, now)
      this.#become(state)
      if (pass) return pass
      if (retryAt !== undefined && retryAt >= untilMs) return undefined
      await this.#change((retryAt ?? untilMs) - now, signal)
    }
  }

  leave(pass: Pass, health: Health): void { this.#become(settle(this.#state, pass, health, this.clock.now().getTime(), this.limits)) }

  #become(state: BreakerState): void {
    if (state === this.#state) return
    this.#state = state
    for (const wake of this.#waiting) wake()
  }

  /** Resolves when the state changes, `ms` have passed or `signal` aborts. */
  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      signal.addEventListener('abort', wake, { once: true })
      this.#waiting.add(wake)
    })
  }
}
