import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { DataSource } from 'typeorm'
import { Failure, ManualClock } from '#kernel'
import { openDataSource, poolOf, startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { createKey } from '../api-keys/api-key.rules.js'
import { PARTICIPANT_ENTITIES, ParticipantRegistry } from './participant-registry.js'
import { ParticipantTables1763900002000 } from './participant-tables.migration.js'

const code = async (ask: () => unknown): Promise<string> => {
  try { await ask() } catch (error) { return (error as Failure).code }
  return 'admitted'
}

describe('participants', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
  const clock = new ManualClock('2026-11-24T08:00:00Z')
  let postgres: EmbeddedPostgres
  let dataSource: DataSource
  let registry: ParticipantRegistry
  const asks = (key: string) => code(() => registry.authenticator.authenticate(`Bearer ${key}`))

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ dataDir })
    dataSource = await openDataSource({ url: postgres.url, service: 'gateway', migrations: [ParticipantTables1763900002000], entities: PARTICIPANT_ENTITIES })
    registry = new ParticipantRegistry(dataSource, clock)
    await registry.register({ id: 'ningde-hospital', nameZh: '宁德市示范医院', nameEn: 'Ningde Model Hospital', province: '350000', organizationCode: '488250168', role: 'both', active: true })
  }, 60_000)
  afterAll(async () => { await dataSource.destroy(); await postgres.stop(); rmSync(dataDir, { recursive: true }) })

  it('are known by their key, whose secret is stored nowhere', async () => {
    const { key, id } = await registry.issueKey('ningde-hospital')
    await registry.setRights('ningde-hospital', [{ exchange: 'medical-records.discover', province: '*', purposes: ['TREAT'] }])
    expect(await registry.authenticator.authenticate(`Bearer ${key}`)).toMatchObject({ id: 'ningde-hospital', province: '350000', role: 'both', rights: [{ exchange: 'medical-records.discover', province: '*', purposes: ['TREAT'] }] })
    const { rows } = await poolOf(dataSource).query('SELECT row_to_json(k)::text AS text FROM api_key k WHERE id = $1', [id])
    expect(rows[0].text).not.toContain(key.split('_')[2])
    // remembered: no promise, no query
    expect(registry.authenticator.authenticate(`Bearer ${key}`)).not.toBeInstanceOf(Promise)
  })

  it('are not known by a wrong, a mutilated or no key', async () => {
    const { key } = await registry.issueKey('ningde-hospital')
    const other = key.slice(0, -1) + (key.endsWith('A') ? 'Q' : 'A')
    for (const wrong of [other, key.slice(1), key.slice(0, -1), `${key}x`, 'tq__', '']) expect(await asks(wrong)).toBe('NOT_AUTHENTICATED')
    expect(await code(() => registry.authenticator.authenticate(undefined))).toBe('NOT_AUTHENTICATED')
    expect(await code(() => registry.authenticator.authenticate(`Basic ${key}`))).toBe('NOT_AUTHENTICATED')
  })

  it('lose a revoked key at once, and only who has its secret is told so', async () => {
    const { key, id } = await registry.issueKey('ningde-hospital')
    expect(await asks(key)).toBe('admitted')
    await registry.revokeKey('ningde-hospital', id)
    expect(await asks(key)).toBe('KEY_REVOKED')
    expect(await asks(`tq_${id}_${'A'.repeat(43)}`)).toBe('NOT_AUTHENTICATED')
  })

  it('keep the old key during the overlap of a rotation', async () => {
    const old = await registry.issueKey('ningde-hospital')
    const next = await registry.rotateKey('ningde-hospital', old.id, 60_000)
    expect([await asks(old.key), await asks(next.key)]).toEqual(['admitted', 'admitted'])
    clock.advance(60_000)
    expect([await asks(old.key), await asks(next.key)]).toEqual(['KEY_REVOKED', 'admitted'])
  })

  it('see a change that another process made when the memory has run out', async () => {
    const { key, id } = await registry.issueKey('ningde-hospital')
    expect(await asks(key)).toBe('admitted')
    await new ParticipantRegistry(dataSource, clock).revokeKey('ningde-hospital', id)
    expect(await asks(key)).toBe('admitted')
    clock.advance(5000)
    expect(await asks(key)).toBe('KEY_REVOKED')
  })

  it('are named when they or their keys are unknown, or known already', async () => {
    expect(await code(() => registry.issueKey('nobody'))).toBe('PARTICIPANT_UNKNOWN')
    expect(await code(() => registry.setRights('nobody', []))).toBe('PARTICIPANT_UNKNOWN')
    expect(await code(() => registry.revokeKey('ningde-hospital', '0123456789ab'))).toBe('API_KEY_UNKNOWN')
    expect(await code(() => registry.register({ id: 'ningde-hospital', nameZh: '另一家', nameEn: 'Another', province: '350000', organizationCode: '1', role: 'asker', active: true }))).toBe('PARTICIPANT_EXISTS')
    const [known] = await registry.list()
    expect(known).toMatchObject({ id: 'ningde-hospital', nameZh: '宁德市示范医院' })
    expect(JSON.stringify(known)).not.toContain('secretHash')
  })

  it('adopt a key that was made elsewhere, once, and refuse what is none', async () => {
    const { id, key } = createKey()
    await registry.adoptKey('ningde-hospital', key)
    await registry.adoptKey('ningde-hospital', key)
    expect(await asks(key)).toBe('admitted')
    await registry.revokeKey('ningde-hospital', id)
    await registry.adoptKey('ningde-hospital', key)
    expect(await asks(key)).toBe('KEY_REVOKED')
    await expect(registry.adoptKey('ningde-hospital', 'secret')).rejects.toThrow('form')
  })
})
