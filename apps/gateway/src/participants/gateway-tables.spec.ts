import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { DataSource } from 'typeorm'
import { newId, systemClock } from '#kernel'
import { openDataSource, poolOf, startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { loadProvinces } from '#provinces'
import { PARTICIPANT_ENTITIES, ParticipantRegistry, ParticipantTables1763900002000, Sealer } from '#security'
import type { InboxItem } from '../inbox/inbox-store.js'
import { InboxTables1763900003000 } from '../inbox/inbox-tables.migration.js'
import { PgInboxStore } from '../inbox/pg-inbox-store.js'
import { demoParticipants } from './demo-participants.js'

describe('what the edge keeps in PostgreSQL', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
  let postgres: EmbeddedPostgres
  let dataSource: DataSource

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ dataDir })
    dataSource = await openDataSource({ url: postgres.url, service: 'gateway', migrations: [ParticipantTables1763900002000, InboxTables1763900003000], entities: PARTICIPANT_ENTITIES })
  }, 60_000)
  afterAll(async () => { await dataSource.destroy(); await postgres.stop(); rmSync(dataDir, { recursive: true }) })

  it('demo participants: known once, with keys that last over a restart and lie in a file for its owner alone', async () => {
    const provinces = await loadProvinces()
    const file = join(dataDir, 'demo-keys.json')
    const simulator = (code: string) => (code === '350000' ? 'http://127.0.0.1:3' : undefined)
    const first = await demoParticipants(new ParticipantRegistry(dataSource, systemClock), provinces, file, 'http://127.0.0.1:1', simulator)
    const registry = new ParticipantRegistry(dataSource, systemClock)
    const again = await demoParticipants(registry, provinces, file, 'http://127.0.0.1:2', simulator)
    expect(again).toEqual({ url: 'http://127.0.0.1:2', provinces: { 350000: 'http://127.0.0.1:3' }, keys: first.keys })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(again)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(again.keys.map(k => k.participant).sort()).toEqual([...provinces.all.flatMap(p => p.profile.participants.map(q => q.id)), 'operator'].sort())

    const operator = again.keys.find(k => k.role === 'operator')!
    expect(await registry.authenticator.authenticate(`Bearer ${operator.key}`)).toMatchObject({ role: 'operator', province: null, rights: [] })
    // a key that was revoked meanwhile is replaced, the others stay
    await registry.revokeKey('operator', operator.key.split('_')[1]!)
    const third = await demoParticipants(registry, provinces, file, again.url, simulator)
    expect(third.keys.filter(k => !again.keys.some(o => o.key === k.key)).map(k => k.participant)).toEqual(['operator'])
  })

  it('the pull inbox: sealed, oldest first, each item until it is acknowledged, answered or too late', async () => {
    const pool = poolOf(dataSource)
    const store = new PgInboxStore(pool, new Sealer(randomBytes(32)))
    const now = new Date()
    const item = (over: Partial<InboxItem>): InboxItem => ({
      id: newId(), province: '360000', exchange: 'medical-records.discover', contentType: 'text/csv; charset=GB18030', document: Buffer.from('secret-document'), receivedAt: now,
      delivery: { id: newId(), type: 't', source: 's', caseId: 'c', key: 'k', topic: 'p', exchangeId: newId(), time: now.toISOString(), attempt: 0, traceparent: '', versions: {}, trail: [] }, ...over,
    })
    const [late, open, elsewhere, early] = [item({ deadline: new Date(now.getTime() - 1) }), item({ deadline: new Date(now.getTime() + 60_000) }), item({ province: '350000' }), item({ receivedAt: new Date(now.getTime() - 5000) })]
    for (const i of [late, open, elsewhere, early]) await store.add(i)
    await store.add({ ...open, document: Buffer.from('another') })
    expect((await store.waiting('360000', now, 10)).map(i => i.id)).toEqual([early.id, open.id])
    expect(await store.get(open.id)).toEqual({ ...open, acknowledgedAt: undefined, answer: undefined })

    await store.acknowledge(early.id, now)
    const body = { province: '360000', status: 'answered', schema: 'discover-answer', document: { name: 'secret-answer' } } as const
    expect(await store.answer(open.id, { body, answeredAt: now })).toEqual({ body, answeredAt: now })
    expect(await store.answer(open.id, { body: { ...body, status: 'invalid' }, answeredAt: now })).toEqual({ body, answeredAt: now })
    expect(await store.waiting('360000', now, 10)).toEqual([])
    const { rows } = await pool.query(`SELECT encode(document, 'escape') || coalesce(encode(answer, 'escape'), '') AS stored FROM inbox_item`)
    expect(JSON.stringify(rows)).not.toMatch(/secret-(document|answer)/)
  })
})
