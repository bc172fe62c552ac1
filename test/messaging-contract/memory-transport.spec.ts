import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { setTimeout as sleep } from 'node:timers/promises'
import { MemoryTransport } from '#messaging'
import { envelope, Received, series, until } from './envelopes.js'
import { transportContract } from './transport-contract.js'

transportContract('memory', () => new MemoryTransport({ retryPauseMs: 5 }))

describe('memory transport', () => {
  it('lets publishers wait while a queue is over its limit, without losing the order', async () => {
    const transport = new MemoryTransport({ queueLimit: 10, batchLimit: 5 })
    const received = new Received()
    const gate = Promise.withResolvers<void>()
    await transport.subscribe('g', ['t'], async (batch) => { await gate.promise; received.take(batch) })
    const sent = series('t', 60, 4)
    let resolved = 0
    const published = [0, 1, 2].map((i) => transport.publish(sent.slice(20 * i, 20 * i + 20)).then(() => { resolved++ }))
    await sleep(30)
    expect(resolved).toBe(0)
    gate.resolve()
    await Promise.all(published)
    await until('all came', () => received.all.length === 60)
    expect(received.disorder()).toEqual([])
    await transport.close()
  })

  it('lets a publisher to a topic that nobody reads wait, and rejects it at the close', async () => {
    const transport = new MemoryTransport({ queueLimit: 3 })
    await transport.publish(series('t', 3, 1))
    const waiting = transport.publish([envelope('t', 'case-0', 4)])
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'INFRASTRUCTURE' }), transport.close()])
  })

  it('empties its queues at the close', async () => {
    const transport = new MemoryTransport({ batchLimit: 7 })
    const received = new Received()
    await transport.subscribe('g', ['t'], async (batch) => { await sleep(1); received.take(batch) })
    const sent = series('t', 100, 5)
    await transport.publish(sent)
    await transport.close()
    expect(received.missing(sent)).toEqual([])
  })

  it('refuses a subscription that names other topics than its group', async () => {
    const transport = new MemoryTransport()
    await transport.subscribe('g', ['a', 'b'], async () => {})
    await expect(transport.subscribe('g', ['a'], async () => {})).rejects.toThrow('different topics')
    await transport.close()
  })

  it('loses and reorders nothing, whatever fails and whoever comes and goes', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ do: fc.constant('fail' as const), times: fc.integer({ min: 1, max: 3 }) }),
      fc.constant({ do: 'leave' as const }),
      fc.constant({ do: 'join' as const }),
      fc.constant({ do: 'wait' as const }),
    )
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const transport = new MemoryTransport({ retryPauseMs: 1, batchLimit: 8, queueLimit: 1000 })
      const received = new Received()
      let failures = 0
      const join = () => transport.subscribe('g', ['t'], async (batch) => {
        await sleep(0)
        if (failures > 0) { failures--; throw new Error('the database is away') }
        received.take(batch)
      })
      const members = [await join()]
      const all = series('t', 1000, 3)
      let sent = 0
      for (const s of steps) {
        if (s.do === 'publish') { await transport.publish(all.slice(sent, sent + s.count)); sent += s.count }
        if (s.do === 'fail') failures += s.times
        if (s.do === 'leave') await members.shift()?.close()
        if (s.do === 'join') members.push(await join())
        if (s.do === 'wait') await sleep(2)
      }
      members.push(await join())
      await until('all came', () => received.ids.size === sent, 5000)
      await transport.close()
      return received.disorder().length === 0 && received.all.length === sent
    }), { numRuns: 60 })
  })
})

describe('the checkers of this suite', () => {
  it('see an overtaking, a gap and a loss', () => {
    const received = new Received()
    const [one, two, three] = [envelope('t', 'k', 1), envelope('t', 'k', 2), envelope('t', 'k', 3)]
    received.take([one, one, three, two])
    expect(received.disorder()).toEqual(['t k: 3 came before 2'])
    expect(received.missing([one, envelope('t', 'k', 4)])).toEqual(['t k 4'])
  })

  it('accept redeliveries that keep the order', () => {
    const received = new Received()
    received.take([1, 2, 1, 2, 3].map((n) => envelope('t', 'k', n)))
    expect(received.disorder()).toEqual([])
  })
})
