import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { DataSource } from 'typeorm'
import { ManualClock, newId } from '#kernel'
import { MemoryTransport, MessagingTables1763900000000, operation, toEnvelope, type Envelope, type ResultBody } from '#messaging'
import { silentLogger } from '#observability'
import { openDataSource, poolOf, startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { EvidenceChain, Sealer, sha256Hex, verifyChains, type EvidenceRow } from '#security'
import type { Intake } from '../exchanges/exchange-store.js'
import { GatewayRecord } from './gateway-record.js'
import { RecordTables1763900001000 } from './record-tables.migration.js'

const dir = mkdtempSync(join(tmpdir(), 'tongqu-record-'))
const clock = new ManualClock('2026-11-24T08:00:00Z')
let postgres: EmbeddedPostgres
let source: DataSource
let transport: MemoryTransport
let record: GatewayRecord
const asked: Envelope[] = []
const operations: Envelope[] = []

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir: dir })
  source = await openDataSource({ url: postgres.url, service: 'gateway', migrations: [MessagingTables1763900000000, RecordTables1763900001000] })
  transport = new MemoryTransport()
  record = await open()
  await transport.subscribe('domain', ['tongqu.medical-records'], batch => { asked.push(...batch); return Promise.resolve() })
  await transport.subscribe('services', ['tongqu.ops.medical-records', 'tongqu.ops.connector'], batch => { operations.push(...batch); return Promise.resolve() })
}, 60_000)
afterAll(async () => {
  await record?.close()
  await transport?.close()
  await source?.destroy()
  await postgres?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const open = (): Promise<GatewayRecord> => GatewayRecord.start({ pool: poolOf(source), sealer: new Sealer(Buffer.alloc(32, 7)), clock, transport, logger: silentLogger, pull: () => Promise.resolve([]) })
const until = async (what: () => boolean): Promise<void> => { for (let i = 0; !what(); i++) { if (i > 600) throw new Error('not reached'); await new Promise(ok => setTimeout(ok, 10)) } }

function intake(extra: Partial<Intake> = {}): Intake {
  const id = newId()
  const original = extra.original ?? Buffer.from(`document ${id}`)
  return {
    id, exchange: 'medical-records.discover', participantId: 'hospital', province: '350000', organizationCode: 'X', caseId: id, key: id, digest: sha256Hex(original), contentType: 'application/xml',
    original, canonical: { a: 1 }, targets: ['330000'], purpose: 'TREAT', versions: { schema: 'discover-request@1' }, traceparent: '', receivedAt: clock.now(), ...extra,
  }
}
const result = (exchangeId: string, caseId: string, body: Partial<ResultBody> = {}): Envelope => toEnvelope({
  id: newId(), type: 'medical-records.discover.result', source: 'medical-records', caseId, key: caseId, topic: 'tongqu.gateway', exchangeId, time: clock.now().toISOString(), attempt: 0, traceparent: '', versions: {},
  trail: [{ by: 'medical-records', what: 'decided', at: clock.now().toISOString(), ms: 1 }], body: Buffer.from(JSON.stringify({ state: 'COMPLETED', partial: false, schema: 'discover-result', result: { complete: true }, ...body })),
})

describe('the gateway’s record', () => {
  it('numbers the messages of a case in the order of their commit and sends each to its domain', async () => {
    const many = Array.from({ length: 30 }, (_, i) => intake({ caseId: `case-${i % 3}` }))
    await Promise.all(many.map(i => record.store.accept(i)))
    await until(() => many.every(i => asked.some(e => e.headers.ce_id === i.id)))
    for (const c of ['case-0', 'case-1', 'case-2']) expect(asked.filter(e => e.headers.ce_subject === c).map(e => Number(e.headers.tq_seq))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('answers a repeat with the first exchange and refuses other bytes under the same key', async () => {
    const first = intake({ idempotencyKey: 'k1', original: Buffer.from('same') })
    const [a, b, c] = await Promise.all([record.store.accept(first), record.store.accept(intake({ idempotencyKey: 'k1', original: Buffer.from('same') })), record.store.accept(intake({ idempotencyKey: 'k1', original: Buffer.from('other') }))])
    expect([a, b, c]).toEqual([{ kind: 'accepted', id: first.id, seq: 1 }, { kind: 'replayed', id: first.id }, { kind: 'conflict' }])
    expect(await record.store.accept(intake({ idempotencyKey: 'k1', original: Buffer.from('same') }))).toEqual({ kind: 'replayed', id: first.id })
    expect(await record.store.accept(intake({ idempotencyKey: 'k1', participantId: 'another', original: Buffer.from('other') }))).toMatchObject({ kind: 'accepted' })
  })

  it('keeps a case with the participant that opened it, and a sequence number with its first message', async () => {
    await record.store.accept(intake({ caseId: 'mine', seq: 1 }))
    expect(await record.store.accept(intake({ caseId: 'mine', participantId: 'another' }))).toEqual({ kind: 'foreign-case' })
    expect(await record.store.accept(intake({ caseId: 'mine', seq: 1 }))).toEqual({ kind: 'sequence-taken' })
    expect(await record.store.accept(intake({ caseId: 'mine', seq: 2 }))).toMatchObject({ kind: 'accepted', seq: 2 })
    expect(await record.store.accept(intake({ caseId: 'mine' }))).toMatchObject({ kind: 'accepted', seq: 3 })
  })

  it('ends an exchange once, tells who waits, and seals what it keeps', async () => {
    const i = intake()
    await record.store.accept(i)
    const waiting = record.store.waitFor(i.id, 5000)
    await transport.publish([result(i.id, i.caseId), result(i.id, i.caseId, { state: 'FAILED' })])
    expect(await waiting).toMatchObject({ state: 'COMPLETED', replySchema: 'discover-result' })
    expect(await record.store.reply(i.id)).toEqual({ schema: 'discover-result', canonical: { complete: true } })
    await transport.publish([result(i.id, i.caseId, { state: 'FAILED' })])
    await new Promise(ok => setTimeout(ok, 100))
    expect(await record.store.get(i.id)).toMatchObject({ state: 'COMPLETED', steps: [{ what: 'decided' }, { by: 'gateway', what: 'finished' }] })
    expect((await record.store.original(i.id))!.bytes.toString()).toBe(i.original.toString())
    const { rows: [row] } = await poolOf(source).query('SELECT original FROM exchange_content WHERE id = $1', [i.id])
    expect((row.original as Buffer).includes(i.original)).toBe(false)
    const { rows } = await poolOf(source).query(`SELECT count(*)::int AS n FROM evidence WHERE exchange_id = $1 AND what = 'ended'`, [i.id])
    expect(rows[0].n).toBe(1)
  })

  it('gives up waiting when the time is over', async () => {
    const i = intake()
    await record.store.accept(i)
    expect(await record.store.waitFor(i.id, 60)).toBeUndefined()
  })

  it('emits an open exchange again, marked, with the same id; after a start as well', async () => {
    const i = intake()
    await record.store.accept(i)
    await until(() => asked.some(e => e.headers.ce_id === i.id))
    clock.advance(6000)
    await until(() => asked.filter(e => e.headers.ce_id === i.id).length > 1)
    const again = asked.filter(e => e.headers.ce_id === i.id)[1]!
    expect(Number(again.headers.tq_attempt)).toBeGreaterThan(0)
    expect(again.body.equals(asked.find(e => e.headers.ce_id === i.id)!.body)).toBe(true)
    const before = asked.filter(e => e.headers.ce_id === i.id).length
    await record.close()
    record = await open()
    await until(() => asked.filter(e => e.headers.ce_id === i.id).length > before)
  })

  it('ends what is past its deadline as expired, names it, and ignores what comes later', async () => {
    const i = intake()
    await record.store.accept(i)
    clock.advance(130_000)
    expect(await record.store.waitFor(i.id, 5000)).toMatchObject({ state: 'EXPIRED', faults: [{ code: 'EXCHANGE_EXPIRED' }] })
    await transport.publish([result(i.id, i.caseId)])
    await new Promise(ok => setTimeout(ok, 100))
    expect(await record.store.get(i.id)).toMatchObject({ state: 'EXPIRED' })
  })

  it('marks an exchange as blocked by a dead letter, and as open again by its replay', async () => {
    const i = intake()
    await record.store.accept(i)
    const notice = (status: string): Envelope => toEnvelope({
      id: newId(), type: 'ops.dead-letter', source: 'medical-records', caseId: i.caseId, key: i.caseId, topic: 'tongqu.dead-letters', exchangeId: i.id, time: clock.now().toISOString(), attempt: 0, traceparent: '', versions: {}, trail: [],
      body: Buffer.from(JSON.stringify({ id: i.id, service: 'medical-records', type: 't', code: 'INTERNAL', faults: [], digest: 'd', exchangeId: i.id, caseId: i.caseId, status, at: clock.now().toISOString() })),
    })
    const stateIs = async (state: string): Promise<void> => { for (let n = 0; (await record.store.get(i.id))!.state !== state; n++) { if (n > 200) throw new Error(`not ${state}`); await new Promise(ok => setTimeout(ok, 10)) } }
    await transport.publish([notice('OPEN')])
    await stateIs('BLOCKED')
    await transport.publish([notice('REPLAYED')])
    await stateIs('OPEN')
  })

  it('tells a service which exchanges are final, and gathers its evidence beside our own', async () => {
    const [done, open] = [intake(), intake()]
    await Promise.all([record.store.accept(done), record.store.accept(open)])
    await transport.publish([result(done.id, done.caseId)])
    await record.store.waitFor(done.id, 5000)
    await transport.publish([operation('ops.finality.ask', 'medical-records', 'tongqu.gateway', { service: 'medical-records', exchanges: [done.id, open.id] })])
    await until(() => operations.some(e => e.headers.ce_type === 'ops.finality.tell'))
    expect(JSON.parse(operations.find(e => e.headers.ce_type === 'ops.finality.tell')!.body.toString())).toEqual({ exchanges: [done.id] })

    const gathering = record.evidence(1000)
    await until(() => operations.some(e => e.headers.ce_type === 'ops.evidence.ask'))
    const { askId } = JSON.parse(operations.find(e => e.headers.ce_type === 'ops.evidence.ask')!.body.toString()) as { askId: string }
    await transport.publish([operation('ops.evidence.tell', 'medical-records', 'tongqu.gateway', { service: 'medical-records', askId, rows: [], done: true })])
    const { missing, rows } = await gathering
    expect(missing).toEqual(['connector'])
    const all: EvidenceRow[] = []
    for await (const row of rows) all.push(row)
    const checked = verifyChains(all)
    expect(checked.flaws).toEqual([])
    expect(checked.chains.map(c => c.chain)).toEqual(['gateway#0.in', 'gateway#0.out'])
    expect(checked.rows).toBeGreaterThan(40)
  })

  it('takes the last part of a service’s evidence for the whole only when every part before it is kept', async () => {
    const before = operations.length
    const gathering = record.evidence(5000)
    await until(() => operations.slice(before).some(e => e.headers.ce_type === 'ops.evidence.ask'))
    const { askId } = JSON.parse(operations.slice(before).find(e => e.headers.ce_type === 'ops.evidence.ask')!.body.toString()) as { askId: string }
    const tell = (service: string, rows: EvidenceRow[], done: boolean): Envelope => operation('ops.evidence.tell', service, 'tongqu.gateway', { service, askId, rows, done })
    const part = new EvidenceChain('medical-records#0', 0).draw([{ exchangeId: newId(), caseId: 'c', what: 'disclosed', digest: 'd', at: clock.now().toISOString() }])
    const lock = await poolOf(source).connect()
    try {
      await lock.query('BEGIN; LOCK TABLE remote_evidence IN EXCLUSIVE MODE')
      await transport.publish([tell('connector', [], true), tell('medical-records', part, false), tell('medical-records', [], true)])
      expect(await Promise.race([gathering, new Promise(ok => setTimeout(ok, 200, 'waits'))])).toBe('waits')
    } finally {
      await lock.query('COMMIT')
      lock.release()
    }
    const { missing, rows } = await gathering
    const all: EvidenceRow[] = []
    for await (const row of rows) all.push(row)
    expect([missing, all.filter(row => row.chain === 'medical-records#0')]).toEqual([[], part])
  })
})
