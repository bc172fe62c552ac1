import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { projectFolder } from './project.js'
import { readSettings } from './read-settings.js'

const KEY = Buffer.alloc(32, 7).toString('base64')
const scratch = mkdtempSync(join(tmpdir(), 'tongqu-'))
afterAll(() => rmSync(scratch, { recursive: true }))

describe('readSettings', () => {
  it('needs nothing: an embedded system on loopback, its data in the project', () => {
    const settings = readSettings({ TONGQU_DATA_KEY: KEY })
    expect(settings).toMatchObject({ mode: 'embedded', dataDir: join(projectFolder(), '.tongqu'), databaseUrl: undefined, kafkaBrokers: [], host: '127.0.0.1', port: 8080, portGiven: false, logLevel: 'warn' })
    expect(settings.limits).toMatchObject({ bodyBytes: 1_048_576, ratePerSecond: 2000 })
  })

  it('reads servers, databases of single services and provinces', () => {
    const settings = readSettings({
      DATABASE_URL: 'postgres://a:b@db/x', DATABASE_URL_MEDICAL_RECORDS: 'postgres://a:b@other/x', KAFKA_BROKERS: 'one:9092, two:9092',
      TONGQU_PROVINCE_URL_350000: 'https://fujian.example/', TONGQU_DATA_KEY: KEY, PORT: '0',
    })
    expect(settings).toMatchObject({
      mode: 'servers', databaseUrls: { 'medical-records': 'postgres://a:b@other/x' }, kafkaBrokers: ['one:9092', 'two:9092'],
      provinceUrls: { 350000: 'https://fujian.example' }, port: 0, portGiven: true, logLevel: 'info',
    })
  })

  it('names all faults at once and repeats no secret', () => {
    const wrong = { PORT: '80a', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://root:secret@db', KAFKA_BROKERS: 'broker', TONGQU_PROVINCE_URL_FUJIAN: 'ftp://x', TONGQU_DATA_KEY: 'c2hvcnQ=', TONGQU_RATE: '-1' }
    expect(() => readSettings(wrong)).toThrow(new Error([
      'These settings cannot be used:',
      '  DATABASE_URL must be an address that begins with postgres:// or postgresql://',
      '  KAFKA_BROKERS must be host:port, several separated by commas',
      '  PORT must be a whole number from 0 to 65535',
      '  TONGQU_PROVINCE_URL_FUJIAN must end with the six digits of a province code',
      '  TONGQU_PROVINCE_URL_FUJIAN must be an address that begins with http:// or https://',
      '  LOG_LEVEL must be one of silent, fatal, error, warn, info, debug, trace',
      '  TONGQU_RATE must be a whole number from 1 to 1000000',
      '  TONGQU_DATA_KEY must be base64 of at least 32 random bytes, e.g. of `openssl rand -base64 32`',
    ].join('\n')))
  })

  it('asks for the data key when real servers are used', () => {
    expect(() => readSettings({ DATABASE_URL: 'postgres://a:b@db/x' })).toThrow('TONGQU_DATA_KEY is missing')
  })

  it('makes a key file that others cannot read in embedded mode, and uses it again', () => {
    const dataDir = join(scratch, 'data')
    const { dataKey } = readSettings({ TONGQU_DATA_DIR: dataDir })
    expect(dataKey).toHaveLength(32)
    expect(statSync(join(dataDir, 'data-key')).mode & 0o777).toBe(0o600)
    expect(readSettings({ TONGQU_DATA_DIR: dataDir }).dataKey).toEqual(dataKey)
  })

  it('never takes a damaged key file for a key', () => {
    writeFileSync(join(scratch, 'data-key'), '')
    expect(() => readSettings({ TONGQU_DATA_DIR: scratch })).toThrow('does not hold a data key')
  })
})
