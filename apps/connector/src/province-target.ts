import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#kernel'
import type { ProvinceProfile } from '#provinces'
import { BreakerGate } from './breaker-gate.js'
import type { DeliveryMetrics } from './delivery.metrics.js'
import { ProvinceClient, type Call } from './province-client.js'
import { judge, type Verdict } from './reply.rules.js'
import { backoffMs } from './retry.rules.js'

/** One document for one exchange, as it goes over the wire. */
export interface Outgoing {
  /** Idempotency key, and what the province is asked for by. */
  readonly id: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  /** Epoch ms; then the answer is of no use to anybody. */
  readonly giveUpAt: number
  /** A process before this one, or this one before a fault of its own, may have sent it. */
  readonly mayBeKnown: boolean
  readonly readable: (body: Buffer) => boolean
}

/** How a delivery ended. `sends` and `queries` count the calls made. */
export type Ended = { readonly sends: number; readonly queries: number } & (
  | { readonly kind: 'answer'; readonly body: Buffer }
  | { readonly kind: 'refused'; readonly reason: string }
  /** `taken`: the province may have the request nevertheless; its outcome there is unknown. */
  | { readonly kind: 'unavailable' | 'timeout'; readonly reason: string; readonly taken: boolean })

/** Less than this before the deadline no answer could be brought home. */
const RESERVE_MS = 50

/** One province's system: knows when to call, to wait, to ask before sending again, and to give up. */
export class ProvinceTarget {
  readonly #gate: BreakerGate
  readonly #client: ProvinceClient

  constructor(baseUrl: string, private readonly endpoint: ProvinceProfile['endpoint'], private readonly clock: Clock, private readonly metrics: DeliveryMetrics, answerMaxBytes: number) {
    const { maxInFlight: connections, timeoutMs, breaker } = endpoint
    this.#gate = new BreakerGate(breaker, clock)
    this.#client = new ProvinceClient(baseUrl, { connections, timeoutMs, answerMaxBytes, clock })
  }

  /**
   * Brings the document to the province and its answer back. Before anything is sent again the province is asked whether it knows the
   * id; only its 404 allows it. Resolves for every outcome, rejects only when `signal` aborts.
   */
  async deliver(o: Outgoing, signal: AbortSignal): Promise<Ended> {
    const count = { sends: 0, queries: 0 }
    let taken = o.mayBeKnown
    let failures = 0
    for (;;) {
      const pass = await this.#gate.enter(o.giveUpAt, signal)
      this.metrics.breaker(this.#gate.state)
      if (!pass) return { kind: 'unavailable', reason: 'BREAKER_OPEN', taken, ...count }
      const asked = taken ? 'status' : 'delivery'
      count[asked === 'status' ? 'queries' : 'sends']++
      const verdict = await this.#call(asked, o, pass, signal)

      let wanted: number
      switch (verdict.kind) {
        case 'answer': case 'refused': return { ...verdict, ...count }
        case 'unknown': taken = false; continue
        // it works on it: patience is the deadline's, not the number of attempts
        case 'pending': taken = true; wanted = Math.max(RESERVE_MS, this.#backoff(failures + 1)); break
        case 'transient':
          taken ||= verdict.taken
          if (++failures >= this.endpoint.retry.attempts) return gaveUp(verdict, taken, count)
          wanted = Math.max(verdict.waitMs ?? 0, this.#backoff(failures))
      }
      const leftMs = o.giveUpAt - RESERVE_MS - this.clock.now().getTime()
      if (leftMs <= 0 || (verdict.kind === 'transient' && (verdict.waitMs ?? 0) > leftMs)) return gaveUp(verdict, taken, count)
      await sleep(Math.min(wanted, leftMs), undefined, { signal })
    }
  }

  async close(): Promise<void> { await this.#client.close() }

  async #call(asked: 'delivery' | 'status', o: Outgoing, pass: Parameters<BreakerGate['leave']>[0], signal: AbortSignal): Promise<Verdict> {
    const timeoutMs = Math.max(1, Math.min(this.endpoint.timeoutMs, o.giveUpAt - this.clock.now().getTime()))
    const call: Call = asked === 'delivery'
      ? { method: 'POST', path: o.path, headers: o.headers, body: o.bytes, timeoutMs }
      : { method: 'GET', path: `${this.endpoint.statusPath}/${o.id}`, headers: { traceparent: o.headers.traceparent ?? '' }, timeoutMs }
    try {
      const { verdict, health } = judge(await this.#client.call(call, signal), asked, o.readable)
      this.#gate.leave(pass, health)
      this.metrics.called(asked, verdict.kind)
      return verdict
    } catch (error) {
      this.#gate.leave(pass, 'untold')
      throw error
    } finally {
      this.metrics.breaker(this.#gate.state)
    }
  }

  #backoff(failures: number): number { return backoffMs(this.endpoint.retry, failures, Math.random()) }
}

type Unanswered = Extract<Verdict, { kind: 'pending' | 'transient' }>

function gaveUp(verdict: Unanswered, taken: boolean, count: { sends: number; queries: number }): Ended {
  const timeout = verdict.kind === 'pending' || verdict.timeout
  return { kind: timeout ? 'timeout' : 'unavailable', reason: verdict.kind === 'pending' ? 'PENDING' : verdict.reason, taken, ...count }
}
