import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CommandFailure } from '../command-failure.js'
import { connectionOf, gatewayUrl } from './connection.js'

describe('which gateway, and as whom', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
  const empty = mkdtempSync(join(tmpdir(), 'tongqu-'))
  const failure = (ask: () => unknown): CommandFailure => { try { ask() } catch (error) { return error as CommandFailure } throw new Error('it did not fail') }

  beforeAll(() => writeFileSync(join(dataDir, 'demo-keys.json'), JSON.stringify({
    url: 'http://127.0.0.1:8081/',
    keys: [{ participant: 'operator', role: 'operator', province: null, key: 'tq_o' }, { participant: 'ningde-hospital', role: 'both', province: '350000', key: 'tq_n' }],
  })))
  afterAll(() => { rmSync(dataDir, { recursive: true }); rmSync(empty, { recursive: true }) })

  it('takes what was told before the demo keys, and these before the default', () => {
    expect(connectionOf({ dataDir, url: 'http://other:1/', key: 'tq_x' }, 'operator')).toEqual({ url: 'http://other:1', key: 'tq_x' })
    expect(connectionOf({ dataDir }, 'operator')).toEqual({ url: 'http://127.0.0.1:8081', key: 'tq_o', participant: 'operator' })
    expect(gatewayUrl({ dataDir: empty })).toBe('http://127.0.0.1:8080')
  })

  it('sends as the participant that was named', () => {
    expect(connectionOf({ dataDir, as: 'ningde-hospital' }, {})).toMatchObject({ key: 'tq_n' })
    expect(connectionOf({ dataDir }, { participant: 'ningde-hospital' })).toMatchObject({ key: 'tq_n' })
  })

  it('says what is missing and the way out, as wrong use', () => {
    const unnamed = failure(() => connectionOf({ dataDir }, {}))
    expect(unnamed).toMatchObject({ exitCode: 2, more: { wayOut: 'Demo participants here: ningde-hospital. For example: --as ningde-hospital' } })
    expect(failure(() => connectionOf({ dataDir: empty }, 'operator')).more.wayOut).toContain('TONGQU_KEY')
    writeFileSync(join(empty, 'demo-keys.json'), '{')
    expect(failure(() => connectionOf({ dataDir: empty }, 'operator'))).toMatchObject({ exitCode: 2 })
  })
})
