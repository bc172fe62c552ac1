import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { newId } from '#kernel'
import { KafkaTransport, type Envelope } from '#messaging'
import { startLocalKafka, type LocalKafka } from '#runtime'
import { describeWithKafka } from '../kafka-gate.js'
import { Received, series, until } from '../messaging-contract/envelopes.js'

const dir = mkdtempSync(join(tmpdir(), 'tongqu-loss-'))
let kafka: LocalKafka

describeWithKafka('a broker that comes back without its data', () => {
  beforeAll(async () => { kafka = await startLocalKafka({ dir }) }, 120_000)
  afterAll(async () => { await kafka?.stop(); rmSync(dir, { recursive: true, force: true }) }, 30_000)

  it('is told again what it held before anything newer, so that nothing is lost and the order is kept', async () => {
    const topic = `loss.${newId()}`
    const transport = new KafkaTransport({ brokers: kafka.brokers, clientId: 'loss', sessionTimeoutMs: 2000 })
    await transport.ensureTopics([topic])
    const received = new Received()
    const sent = series(topic, 4000, 29)
    const outbox: Envelope[] = []
    transport.onLoss(async function* () { for (let i = 0; i < outbox.length; i += 500) { yield outbox.slice(i, i + 500); await pause(1) } })
    // slower than it is told, so that much of it is with the broker alone when that dies
    await transport.subscribe('g', [topic], async batch => { await pause(50); received.take(batch) })
    const published: Promise<void>[] = []
    for (let i = 0; i < sent.length; i += 20) {
      const some = sent.slice(i, i + 20)
      outbox.push(...some)
      published.push(transport.publish(some))
      await pause(5)
      if (i === 2000) { await kafka.kill9(); void kafka.restart({ wipeData: true }) }
    }
    await Promise.all(published)
    await until('all came', () => received.missing(sent).length === 0, 60_000)
    expect(received.disorder()).toEqual([])
    await transport.close()
  }, 120_000)
})
