import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { MemoryTransport } from '#messaging'
import { poolOf, startEmbeddedPostgres } from '#persistence'
import { createAppContext } from './context.js'
import { startOpsServer } from './ops-server.js'
import { readSettings } from './read-settings.js'

const settings = readSettings({ TONGQU_DATA_KEY: Buffer.alloc(32, 1).toString('base64'), TONGQU_PROVINCE_URL_350000: 'http://fujian.example', TONGQU_OPS_PORT: '0', LOG_LEVEL: 'silent' })

describe('createAppContext', () => {
  it('says which setting is missing when an app asks for what is not there', async () => {
    const context = createAppContext(settings)
    expect(() => context.transport).toThrow('KAFKA_BROKERS is missing')
    await expect(context.dataSource('connector', [])).rejects.toThrow('DATABASE_URL is missing')
    await context.close()
  })

  it('knows the provinces; an address in the settings comes before the simulators\'', () => {
    const context = createAppContext(settings, { provinceUrl: code => `http://simulator/${code}` })
    expect(context.provinces.all.length).toBeGreaterThanOrEqual(3)
    expect([context.provinceUrl('350000'), context.provinceUrl('330000')]).toEqual(['http://fujian.example', 'http://simulator/330000'])
  })

  it('opens the database of a service once, a database of its own where one is named, and is not ready without it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
    const postgres = await startEmbeddedPostgres({ dataDir })
    const context = createAppContext({ ...settings, databaseUrl: 'postgres://nobody@127.0.0.1:1/none', databaseUrls: { connector: postgres.url } }, { transport: new MemoryTransport() })
    const [first, second] = await Promise.all([context.dataSource('connector', []), context.dataSource('connector', [])])
    expect(first).toBe(second)
    expect((await poolOf(first).query('SELECT current_schema() AS schema')).rows).toEqual([{ schema: 'connector' }])
    let up = false
    const ops = await startOpsServer(context, () => up)
    const ready = async () => (await fetch(`${ops.url}/health/ready`)).status
    expect(await ready()).toBe(503)
    up = true
    expect(await ready()).toBe(200)
    await postgres.stop()
    expect([await ready(), (await fetch(`${ops.url}/health/live`)).status]).toEqual([503, 200])
    await ops.close()
    await context.close()
    rmSync(dataDir, { recursive: true })
  }, 30_000)
})
