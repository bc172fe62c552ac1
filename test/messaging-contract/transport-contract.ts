import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, newId } from '#kernel'
import { ENVELOPE_MAX_BYTES, type Envelope, type Transport } from '#messaging'
import { envelope, Received, series, until } from './envelopes.js'

/** What every transport promises, whatever carries it. */
export function transportContract(name: string, make: () => Transport): void {
  describe(`${name} keeps the contract of a transport`, () => {
    jest.setTimeout(120_000)
    const open: Transport[] = []
    const start = async (...topics: string[]): Promise<Transport> => {
      const transport = make()
      open.push(transport)
      await transport.ensureTopics(topics)
      return transport
    }
    const topicName = (): string => `contract.${newId()}`
    afterEach(async () => { await Promise.all(open.splice(0).map((transport) => transport.close())) })

    it('keeps the order of each key, also from publishes that nobody awaited', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const received = new Received()
      await transport.subscribe('g', [topic], async (batch) => { await sleep(1); received.take(batch) })
      const sent = series(topic, 5000, 37)
      const published = []
      for (let i = 0; i < sent.length; i += 70) published.push(transport.publish(sent.slice(i, i + 70)))
      await Promise.all(published)
      await until('all came', () => received.ids.size === sent.length)
      expect(received.disorder()).toEqual([])
    })

    it('carries key, headers and bytes untouched', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const received = new Received()
      await transport.subscribe('g', [topic], async (batch) => received.take(batch))
      const sent: Envelope = { topic, key: '业务-1', headers: { ce_id: newId(), note: '通衢 ✓', empty: '' }, body: Buffer.from([0, 255, 254, 0xd8, 0x00, 10, 13]) }
      const bodyless: Envelope = { topic, key: 'k', headers: {}, body: Buffer.alloc(0) }
      await transport.publish([sent, bodyless])
      await until('both came', () => received.all.length === 2)
      expect(received.all.find(({ key }) => key === sent.key)).toEqual(sent)
      expect(received.all.find(({ key }) => key === 'k')).toEqual(bodyless)
    })

    it('keeps what is published before anyone subscribes', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const sent = series(topic, 50, 5)
      await transport.publish(sent)
      const received = new Received()
      await transport.subscribe('g', [topic], async (batch) => received.take(batch))
      await until('all came', () => received.all.length === 50)
      expect(received.disorder()).toEqual([])
    })

    it('shows every group every envelope of its topics', async () => {
      const [a, b] = [topicName(), topicName()]
      const transport = await start(a, b)
      const [both, one] = [new Received(), new Received()]
      await transport.subscribe('both', [a, b], async (batch) => both.take(batch))
      await transport.subscribe('one', [a], async (batch) => one.take(batch))
      const [ofA, ofB] = [series(a, 100, 9), series(b, 100, 9)]
      await Promise.all([transport.publish(ofA), transport.publish(ofB)])
      await until('all came', () => both.all.length >= 200 && one.all.length >= 100)
      expect([...both.missing([...ofA, ...ofB]), ...one.missing(ofA), ...both.disorder(), ...one.disorder()]).toEqual([])
      expect(one.all.every(({ topic }) => topic === a)).toBe(true)
    })

    it('hands a rejected batch over again, the same, before anything behind it', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const [received, refused] = [new Received(), new Received()]
      let calls = 0
      await transport.subscribe('g', [topic], async (batch) => {
        if (++calls % 3) { refused.take(batch); throw new Error('the database is away') }
        received.take(batch)
      })
      const sent = series(topic, 200, 7)
      for (let i = 0; i < sent.length; i += 20) { await transport.publish(sent.slice(i, i + 20)); await sleep(20) }
      await until('all came', () => received.ids.size === sent.length)
      expect(received.disorder()).toEqual([])
      expect(received.all.length).toBe(sent.length)
      expect([...refused.ids].every((id) => received.ids.has(id))).toBe(true)
    })

    it('never hands over two batches of one key at a time', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const [busy, overlaps] = [new Set<string>(), new Set<string>()]
      let count = 0
      await transport.subscribe('g', [topic], async (batch) => {
        const keys = new Set(batch.map(({ key }) => key))
        for (const key of keys) { if (busy.has(key)) overlaps.add(key); busy.add(key) }
        await sleep(5)
        for (const key of keys) busy.delete(key)
        count += batch.length
      })
      const sent = series(topic, 600, 11)
      for (let i = 0; i < sent.length; i += 10) { void transport.publish(sent.slice(i, i + 10)); await sleep(1) }
      await until('all came', () => count >= sent.length)
      expect([...overlaps]).toEqual([])
    })

    it('shares a group between its subscriptions; one that leaves loses nothing', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const received = new Received()
      const first = await transport.subscribe('g', [topic], async (batch) => { await sleep(2); received.take(batch) })
      await transport.subscribe('g', [topic], async (batch) => { await sleep(2); received.take(batch) })
      const sent = series(topic, 2000, 23)
      for (let i = 0; i < 1000; i += 50) await transport.publish(sent.slice(i, i + 50))
      await first.close()
      for (let i = 1000; i < 2000; i += 50) await transport.publish(sent.slice(i, i + 50))
      await until('all came', () => received.ids.size === sent.length)
      expect(received.disorder()).toEqual([])
    })

    it('hands back at its close what is not in effect', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const tried = new Received()
      const broken = await transport.subscribe('g', [topic], async (batch) => { tried.take(batch); throw new Error('the database is away') })
      const sent = series(topic, 30, 3)
      await transport.publish(sent)
      await until('some were tried', () => tried.all.length > 0)
      expect(broken.lag()).toBeGreaterThan(0)
      await broken.close()
      const received = new Received()
      const working = await transport.subscribe('g', [topic], async (batch) => received.take(batch))
      await until('all came', () => received.ids.size === sent.length)
      expect(received.disorder()).toEqual([])
      await until('nothing waits', () => working.lag() === 0)
    })

    it('closes only after the batch under way is in effect, and takes nothing more', async () => {
      const topic = topicName()
      const transport = await start(topic)
      let [began, ended] = [0, 0]
      await transport.subscribe('g', [topic], async () => { began++; await sleep(200); ended++ })
      await transport.publish([envelope(topic, 'k', 1)])
      await until('it began', () => began > 0)
      await transport.close()
      expect(ended).toBe(began)
      await expect(transport.publish([envelope(topic, 'k', 2)])).rejects.toMatchObject({ code: 'INFRASTRUCTURE' })
      await expect(transport.subscribe('g', [topic], async () => {})).rejects.toBeInstanceOf(Failure)
    })

    it('carries the largest body and refuses a larger one with all that came with it', async () => {
      const topic = topicName()
      const transport = await start(topic)
      const received = new Received()
      await transport.subscribe('g', [topic], async (batch) => received.take(batch))
      const tooLarge = envelope(topic, 'k', 1, Buffer.alloc(ENVELOPE_MAX_BYTES + 1))
      await expect(transport.publish([envelope(topic, 'k', 1), tooLarge])).rejects.toMatchObject({ code: 'FIELD_INVALID' })
      await transport.publish([envelope(topic, 'k', 1, Buffer.alloc(ENVELOPE_MAX_BYTES, 7)), envelope(topic, 'k', 2)])
      await until('both came', () => received.all.length === 2)
      expect(received.all.map(({ body }) => body.length)).toEqual([ENVELOPE_MAX_BYTES, 1])
    })
  })
}
