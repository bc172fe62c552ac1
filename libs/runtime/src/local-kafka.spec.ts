import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KafkaTransport } from '#messaging'
import { describeWithKafka } from '../../../test/kafka-gate.js'
import { startLocalKafka, type LocalKafka } from './local-kafka.js'

jest.setTimeout(90_000)

const runs = (pid: number): boolean => { try { process.kill(pid, 0); return true } catch { return false } }

/** A process of its own that runs `program` with what this folder offers. */
const runProgram = (program: string, env = process.env) => spawn(process.execPath,
  ['--conditions=tongqu', '--import', join(import.meta.dirname, '../typescript.mjs'), '--input-type=module', '-e', `import { startLocalKafka } from ${JSON.stringify(join(import.meta.dirname, 'local-kafka.ts'))}
    ${program}`], { stdio: ['ignore', 'pipe', 'ignore'], env })

/** A process that starts a broker, says its number and stays. */
async function ownerOf(dir: string): Promise<{ owner: ReturnType<typeof runProgram>; brokerPid: number }> {
  const owner = runProgram(`const kafka = await startLocalKafka({ dir: ${JSON.stringify(dir)} })
    process.stdout.write(String(kafka.pid))
    setInterval(() => {}, 1000)`)
  const [pid] = await once(owner.stdout!, 'data') as [Buffer]
  return { owner, brokerPid: Number(pid.toString()) }
}

describeWithKafka('a local Apache Kafka', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tongqu-local-kafka-'))
  let kafka: LocalKafka | undefined
  afterEach(async () => { await kafka?.stop(); kafka = undefined })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('starts, stops, and starts again on the same port with what it held', async () => {
    const received: string[] = []
    const lines: string[] = []
    kafka = await startLocalKafka({ dir, onProgress: (line) => lines.push(line) })
    const { brokers, pid } = kafka
    const first = new KafkaTransport({ brokers, clientId: 'first' })
    await first.ensureTopics(['t'])
    await first.publish([{ topic: 't', key: 'k', headers: {}, body: Buffer.from('kept') }])
    await first.close()
    await kafka.stop()
    expect(runs(pid)).toBe(false)
    kafka = await startLocalKafka({ dir })
    expect(kafka.brokers).toEqual(brokers)
    const second = new KafkaTransport({ brokers, clientId: 'second' })
    await second.subscribe('g', ['t'], async (batch) => { received.push(...batch.map(({ body }) => body.toString())) })
    while (!received.length) await sleep(20)
    await second.close()
    expect(received).toEqual(['kept'])
    expect(lines).toContain('starting Apache Kafka')
  })

  it('ends within 5 s after its owner is killed', async () => {
    const { owner, brokerPid } = await ownerOf(dir)
    expect(runs(brokerPid)).toBe(true)
    owner.kill('SIGKILL')
    await sleep(5000)
    expect(runs(brokerPid)).toBe(false)
  })

  it('starts right after its last owner was killed, and not beside one that lives', async () => {
    const { owner, brokerPid } = await ownerOf(dir)
    await expect(startLocalKafka({ dir })).rejects.toThrow(`process ${owner.pid}`)
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    kafka = await startLocalKafka({ dir })
    expect(runs(brokerPid)).toBe(false)
    expect(runs(kafka.pid)).toBe(true)
  })

  it('says who has its port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(startLocalKafka({ dir, port })).rejects.toThrow(`Port ${port}`)
    other.close()
  })
})

describe('a machine without Java', () => {
  it('is told what is missing and the way out', async () => {
    const program = runProgram('await startLocalKafka({ dir: "unused" }).catch((error) => process.stdout.write(`${error.name}: ${error.message}`))', { ...process.env, PATH: import.meta.dirname })
    const [said] = await once(program.stdout!, 'data') as [Buffer]
    expect(said.toString()).toMatch(/^KafkaUnavailable: .*needs Java 17 or newer\..*apt-get install.*KAFKA_BROKERS/)
  })
})
