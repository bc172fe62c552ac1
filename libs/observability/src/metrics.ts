import { Counter, Gauge, Histogram, register, type Metric } from 'prom-client'

/**
 * Metrics of this process, each made once by name: asking again gives the same, so that a module that starts twice in one process
 * counts on. Names begin with `tongqu_` and end with their unit. Labels take names from closed sets (exchange, province, service,
 * state, code), never ids or anything personal: each value is a series of its own.
 */
const once = <M extends Metric>(name: string, make: () => M): M => (register.getSingleMetric(name) as M | undefined) ?? make()

export const counter = <L extends string>(name: `tongqu_${string}_total`, help: string, labelNames: readonly L[] = []): Counter<L> =>
  once(name, () => new Counter({ name, help, labelNames: [...labelNames] }))

export const gauge = <L extends string>(name: `tongqu_${string}`, help: string, labelNames: readonly L[] = [], collect?: (this: Gauge<L>) => void): Gauge<L> =>
  once(name, () => new Gauge({ name, help, labelNames: [...labelNames], ...(collect && { collect }) }))

/** Seconds, from a memory hand-over (0.5 ms) to a province’s time limit (30 s). */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
export const durations = <L extends string>(name: `tongqu_${string}_seconds`, help: string, labelNames: readonly L[] = []): Histogram<L> =>
  once(name, () => new Histogram({ name, help, labelNames: [...labelNames], buckets: SECONDS }))

/** Everything in the exposition format of Prometheus, with its Content-Type. */
export const exposeMetrics = async (): Promise<{ contentType: string; body: string }> => ({ contentType: register.contentType, body: await register.metrics() })
