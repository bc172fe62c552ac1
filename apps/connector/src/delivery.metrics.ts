import { counter, durations, gauge } from '#observability'

const deliveries = counter('tongqu_deliveries_total', 'Deliveries that ended, by what came of them', ['province', 'exchange', 'status'])
const calls = counter('tongqu_delivery_calls_total', 'Calls to provinces’ systems, by what they were and what came of them', ['province', 'asked', 'verdict'])
const seconds = durations('tongqu_delivery_seconds', 'From the first call of a delivery to its end', ['province'])
const inFlight = gauge('tongqu_deliveries_in_flight', 'Deliveries under way', ['province'])
const breaker = gauge('tongqu_breaker_state', 'Circuit breaker: 0 closed, 1 half-open, 2 open', ['province'])

const LEVEL = { closed: 0, 'half-open': 1, open: 2 } as const

/** Figures of the deliveries to one province. */
export class DeliveryMetrics {
  readonly #seconds
  readonly #inFlight
  readonly #breaker

  constructor(private readonly province: string) {
    this.#seconds = seconds.labels(province)
    this.#inFlight = inFlight.labels(province)
    this.#breaker = breaker.labels(province)
    this.breaker('closed')
  }

  begun(): void { this.#inFlight.inc() }

  ended(exchange: string, status: string, ms: number): void {
    this.#inFlight.dec()
    this.#seconds.observe(ms / 1000)
    deliveries.labels(this.province, exchange, status).inc()
  }

  /** A delivery that shutdown cut off; it is resumed by the next process. */
  abandoned(): void { this.#inFlight.dec() }

  called(asked: 'delivery' | 'status', verdict: string): void { calls.labels(this.province, asked, verdict).inc() }
  breaker(state: keyof typeof LEVEL): void { this.#breaker.set(LEVEL[state]) }
}
