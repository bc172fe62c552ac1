import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '#kernel'
import { KafkaTransport, type Envelope } from '#messaging'
import { startLocalKafka, type LocalKafka } from '#runtime'
import { describeWithKafka } from '../kafka-gate.js'
import { Received, series, until } from './envelopes.js'
import { transportContract } from './transport-contract.js'

jest.setTimeout(120_000)

const dir = mkdtempSync(join(tmpdir(), 'tongqu-kafka-'))
let kafka: LocalKafka

const make = (): KafkaTransport =>
  new KafkaTransport({ brokers: kafka.brokers, clientId: 'contract', sessionTimeoutMs: 2000, retryPauseMs: 5, stallMs: 4000 })

describeWithKafka('Apache Kafka', () => {
  beforeAll(async () => { kafka = await startLocalKafka({ dir }) })
  afterAll(async () => { await kafka?.stop(); rmSync(dir, { recursive: true, force: true }) })

  transportContract('Kafka', make)

  it('reads on where the last consumer of the group stopped', async () => {
    const topic = `resume.${newId()}`
    const sent = series(topic, 300, 5)
    const [before, after] = [new Received(), new Received()]
    for (const [received, part] of [[before, sent.slice(0, 200)], [after, sent.slice(200)]] as const) {
      const transport = make()
      await transport.ensureTopics([topic])
      await transport.publish(part)
      await transport.subscribe('g', [topic], async (batch) => received.take(batch))
      await until('the part came', () => received.missing(part).length === 0)
      await transport.close()
    }
    expect(after.all.length).toBe(100)
  })

  it('lives longer than its session in a slow batch', async () => {
    const topic = `slow.${newId()}`
    const transport = make()
    await transport.ensureTopics([topic])
    const received = new Received()
    const sent = series(topic, 4, 4)
    for (let i = 0; i < 2; i++) await transport.subscribe('g', [topic], async (batch) => { await sleep(5000); received.take(batch) })
    await transport.publish(sent)
    await until('all came', () => received.missing(sent).length === 0)
    await sleep(1000)
    expect(received.all.length).toBe(sent.length)
    await transport.close()
  })

  it('keeps order and loses nothing while the broker is killed and comes back', async () => {
    const topic = `kill.${newId()}`
    const transport = make()
    await transport.ensureTopics([topic])
    const received = new Received()
    await transport.subscribe('g', [topic], async (batch) => { await sleep(5); received.take(batch) })
    const sent = series(topic, 6000, 41)
    const publishing = publishSlowly(transport, sent)
    await sleep(300)
    await kafka.kill9()
    await sleep(500)
    await kafka.restart()
    await publishing
    await until('all came', () => received.missing(sent).length === 0)
    expect(received.disorder()).toEqual([])
    await transport.close()
  })

  it('goes on with a broker that lost its data, and delivers what is published again', async () => {
    const topic = `wipe.${newId()}`
    const transport = make()
    await transport.ensureTopics([topic])
    const received = new Received()
    await transport.subscribe('g', [topic], async (batch) => { await sleep(20); received.take(batch) })
    const sent = series(topic, 4000, 29)
    const publishing = publishSlowly(transport, sent)
    await sleep(300)
    await kafka.kill9()
    await kafka.restart({ wipeData: true })
    await publishing
    // what the broker had and nobody had read is gone with it; the outbox says it again, in its order
    const seen = received.ids
    await transport.publish(sent.filter(({ headers }) => !seen.has(headers.ce_id!)))
    await until('all came', () => received.missing(sent).length === 0)
    await transport.close()
  })

  it('waits at its start for a broker that is away', async () => {
    await kafka.stop()
    const topic = `away.${newId()}`
    const transport = make()
    const received = new Received()
    const sent = series(topic, 10, 2)
    const started = transport.ensureTopics([topic])
      .then(() => transport.subscribe('g', [topic], async (batch) => received.take(batch)))
    const published = transport.publish(sent)
    await sleep(1000)
    await kafka.restart()
    await Promise.all([started, published])
    await until('all came', () => received.missing(sent).length === 0)
    await transport.close()
  })

  it('closes while the broker is away, telling publishers that nothing holds their envelopes', async () => {
    const topic = `close.${newId()}`
    const transport = make()
    await transport.ensureTopics([topic])
    await transport.subscribe('g', [topic], async () => {})
    await kafka.stop()
    const published = transport.publish(series(topic, 10, 2))
    const refused = expect(published).rejects.toMatchObject({ code: 'INFRASTRUCTURE' })
    await sleep(300)
    const from = Date.now()
    await transport.close()
    expect(Date.now() - from).toBeLessThan(10_000)
    await refused
    await kafka.restart()
  })
})

/** Without waiting for one to be held before the next is said. */
async function publishSlowly(transport: KafkaTransport, envelopes: readonly Envelope[]): Promise<void> {
  const published: Promise<void>[] = []
  for (let i = 0; i < envelopes.length; i += 20) {
    published.push(transport.publish(envelopes.slice(i, i + 20)))
    await sleep(5)
  }
  await Promise.all(published)
}
