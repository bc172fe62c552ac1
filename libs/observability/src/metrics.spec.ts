import { afterEach, describe, expect, it } from '@jest/globals'
import { register } from 'prom-client'
import { counter, durations, exposeMetrics, gauge } from './metrics.js'

describe('metrics', () => {
  afterEach(() => register.clear())

  it('are made once by name and count on', async () => {
    counter('tongqu_probe_total', 'probes', ['state']).inc({ state: 'COMPLETED' })
    counter('tongqu_probe_total', 'probes', ['state']).inc({ state: 'COMPLETED' })
    expect((await exposeMetrics()).body).toContain('tongqu_probe_total{state="COMPLETED"} 2')
  })

  it('read gauges when they are asked for, and keep durations in seconds', async () => {
    let waiting = 3
    gauge('tongqu_waiting', 'messages that wait', [], function () { this.set(waiting) })
    durations('tongqu_step_seconds', 'steps').observe(0.004)
    waiting = 5
    const { contentType, body } = await exposeMetrics()
    expect(contentType).toContain('text/plain')
    expect(body).toContain('tongqu_waiting 5')
    expect(body).toContain('tongqu_step_seconds_bucket{le="0.005"} 1')
    expect(body).toContain('tongqu_step_seconds_bucket{le="0.0025"} 0')
  })
})
