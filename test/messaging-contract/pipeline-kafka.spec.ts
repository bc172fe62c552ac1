import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { KafkaTransport } from '#messaging'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { startLocalKafka, type LocalKafka } from '#runtime'
import { describeWithKafka } from '../kafka-gate.js'
import { pipelineContract } from './pipeline-contract.js'
import { World } from './world.js'

jest.setTimeout(120_000)

const dir = mkdtempSync(join(tmpdir(), 'tongqu-contract-'))
chmodSync(dir, 0o755)
let postgres: EmbeddedPostgres
let broker: LocalKafka

const lines: string[] = []
const logger = pino({ level: 'warn' }, { write: (line: string) => { lines.push(line) } })

const kafka = (): KafkaTransport =>
  new KafkaTransport({ brokers: broker.brokers, clientId: 'contract', sessionTimeoutMs: 2000, retryPauseMs: 5, stallMs: 3000, logger })

describeWithKafka('with Apache Kafka and PostgreSQL', () => {
  beforeAll(async () => {
    [postgres, broker] = await Promise.all([startEmbeddedPostgres({ dataDir: join(dir, 'postgres') }), startLocalKafka({ dir: join(dir, 'kafka') })])
  })
  afterAll(async () => {
    await Promise.all([postgres?.stop(), broker?.stop()])
    rmSync(dir, { recursive: true, force: true })
  })

  pipelineContract('Kafka', kafka, () => postgres.url)

  /** Something happens to the broker in the middle of the load. */
  const underLoad = async (happens: () => Promise<void>): Promise<string[]> => {
    const world = await World.begin({ databaseUrl: postgres.url, transport: kafka })
    try {
      await world.start()
      const sending = world.send(world.messages(1500, 31), 10, 10)
      await sleep(400)
      await happens()
      await sending
      await world.settle()
      return await world.faults()
    } finally {
      await world.end()
    }
  }

  it('keeps every promise while the broker is killed and comes back', async () => {
    expect(await underLoad(async () => { await broker.kill9(); await broker.restart() })).toEqual([])
  })

  it('keeps every promise while the broker loses its data', async () => {
    const faults = await underLoad(async () => { await broker.kill9(); await broker.restart({ wipeData: true }) })
    // an output that the broker lost is said again when somebody asks, behind those it said since
    expect(faults.filter((fault) => !/^output of case-\d+: out of order$/.test(fault))).toEqual([])
  })

  it('keeps every promise while the broker hangs for longer than a consumer may stall', async () => {
    lines.length = 0
    const faults = await underLoad(async () => {
      process.kill(broker.pid, 'SIGSTOP')
      await sleep(6000)
      process.kill(broker.pid, 'SIGCONT')
    })
    expect(faults).toEqual([])
    expect(lines.filter((line) => line.includes('no sign of life')).length).toBeGreaterThan(0)
  })
})
