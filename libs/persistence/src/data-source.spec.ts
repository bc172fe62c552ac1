import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { MigrationInterface, QueryRunner } from 'typeorm'
import { openDataSource, poolOf, schemaOf } from './data-source.js'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/embedded-postgres.js'

class Things1700000000000 implements MigrationInterface {
  name = 'Things1700000000000'
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE thing (n int8 PRIMARY KEY, day date, amount numeric)')
    // wide enough that a second migration at the same time would be seen
    await runner.query('SELECT pg_sleep(0.2)')
    await runner.query('INSERT INTO thing VALUES (1, \'2026-10-01\', 12.50)')
  }
  async down(): Promise<void> {}
}
class Broken1700000000001 implements MigrationInterface {
  name = 'Broken1700000000001'
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (n int8)')
    await runner.query('SELECT 1 / 0')
  }
  async down(): Promise<void> {}
}

describe('openDataSource', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
  let postgres: EmbeddedPostgres
  const open = (service: string, migrations: readonly (new () => object)[] = [Things1700000000000]) => openDataSource({ url: postgres.url, service, migrations, poolSize: 3 })

  beforeAll(async () => { postgres = await startEmbeddedPostgres({ dataDir }) }, 60_000)
  afterAll(async () => { await postgres.stop(); rmSync(dataDir, { recursive: true }) })

  it('migrates once when several processes start at the same time', async () => {
    const sources = await Promise.all([1, 2, 3, 4].map(() => open('medical-records')))
    const { rows } = await poolOf(sources[0]!).query('SELECT name FROM migrations')
    expect(rows).toEqual([{ name: 'Things1700000000000' }])
    await Promise.all(sources.map(source => source.destroy()))
  })

  it('keeps the tables of each service in its own schema, on every connection', async () => {
    const [one, two] = await Promise.all([open('one'), open('two', [])])
    const connections = await Promise.all([1, 2, 3].map(() => poolOf(one!).connect()))
    for (const connection of connections) {
      expect((await connection.query('SELECT current_schema() AS schema, count(*) AS n FROM thing')).rows).toEqual([{ schema: 'one', n: 1 }])
      connection.release()
    }
    await expect(poolOf(two!).query('SELECT * FROM thing')).rejects.toThrow('relation "thing" does not exist')
    await Promise.all([one!.destroy(), two!.destroy()])
  })

  it('gives int8 as a number and refuses one that a number cannot hold, dates and numerics as text', async () => {
    const source = await open('types')
    expect((await poolOf(source).query('SELECT * FROM thing')).rows).toEqual([{ n: 1, day: '2026-10-01', amount: '12.50' }])
    expect(await source.query('SELECT n FROM thing')).toEqual([{ n: 1 }])
    await expect(poolOf(source).query('SELECT 9007199254740993::int8')).rejects.toThrow(RangeError)
    await source.destroy()
  })

  it('leaves nothing of a migration that fails, and lets the next start try again', async () => {
    await expect(open('broken', [Broken1700000000001])).rejects.toThrow('division by zero')
    const source = await open('broken', [])
    expect((await poolOf(source).query('SELECT to_regclass(\'half\') AS half, count(*) AS done FROM migrations')).rows).toEqual([{ half: null, done: 0 }])
    await source.destroy()
  })

  it('refuses what is no service name', () => {
    expect(schemaOf('medical-records')).toBe('medical_records')
    expect(() => schemaOf('x"; DROP SCHEMA y')).toThrow('no service name')
  })
})
