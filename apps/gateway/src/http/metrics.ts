import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Edge } from './edge.js'

/** What `/metrics` tells, in a registry of its own, so that several edges may run in one process. */
export class EdgeMetrics {
  readonly registry = new Registry()
  readonly #requests = new Counter({ name: 'tongqu_http_requests_total', help: 'HTTP requests by route and status', labelNames: ['method', 'route', 'status'], registers: [this.registry] })
  readonly #seconds = new Histogram({ name: 'tongqu_http_request_duration_seconds', help: 'Time until the answer was sent, waits included', labelNames: ['route'], buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30], registers: [this.registry] })
  readonly #accepted = new Counter({ name: 'tongqu_exchanges_accepted_total', help: 'Exchanges taken into the record', labelNames: ['exchange'], registers: [this.registry] })

  constructor(edge: Pick<Edge, 'exchanges' | 'operations'>) {
    collectDefaultMetrics({ register: this.registry })
    new Gauge({ name: 'tongqu_exchanges_open', help: 'Exchanges not final', registers: [this.registry], collect() { this.set(edge.exchanges.backlog()) } })
    new Gauge({
      name: 'tongqu_exchanges_ended', help: 'Exchanges that ended in this process since it started, by state', labelNames: ['state'], registers: [this.registry],
      collect() { for (const [state, n] of Object.entries(edge.operations.ended())) this.set({ state }, n) },
    })
  }

  accepted(exchange: string): void { this.#accepted.inc({ exchange }) }

  answered(method: string, route: string, status: number, ms: number): void {
    this.#requests.inc({ method, route, status: String(status) })
    this.#seconds.observe({ route }, ms / 1000)
  }
}
