import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { projectFolder } from './project.js'
import type { Settings } from './settings.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads every setting from the environment. In embedded mode the data key lies in a file of mode 0600 below `dataDir`, made on first use.
 * @throws Error whose message names all faults, one a line.
 */
export function readSettings(env: Environment = process.env): Settings {
  const read = new Reader(env)
  const databaseUrl = read.url('DATABASE_URL', 'postgres:', 'postgresql:')
  const mode = read.choice('TONGQU_MODE', ['embedded', 'servers'] as const, databaseUrl ? 'servers' : 'embedded')
  const dataDir = resolve(read.text('TONGQU_DATA_DIR') ?? join(projectFolder(), '.tongqu'))
  const settings = {
    mode, dataDir, databaseUrl,
    databaseUrls: read.family('DATABASE_URL_', name => [name.toLowerCase().replaceAll('_', '-'), read.url(`DATABASE_URL_${name}`, 'postgres:', 'postgresql:')]),
    databasePoolSize: read.integer('DATABASE_POOL_SIZE', 10, 1, 1000),
    kafkaBrokers: read.brokers('KAFKA_BROKERS'),
    kafkaSessionTimeoutMs: read.integer('KAFKA_SESSION_TIMEOUT_MS', 30_000, 1000, 1_800_000),
    kafkaPartitions: read.integer('KAFKA_PARTITIONS', 6, 1, 1000),
    instance: read.integer('TONGQU_INSTANCE', 0, 0, 9999),
    host: read.text('HOST') ?? '127.0.0.1',
    port: read.integer('PORT', 8080, 0, 65_535),
    portGiven: read.text('PORT') !== undefined,
    opsPort: read.integer('TONGQU_OPS_PORT', 9090, 0, 65_535),
    simulatorPort: read.integer('TONGQU_SIMULATOR_PORT', 0, 0, 65_535),
    operatorKey: read.text('TONGQU_OPERATOR_KEY'),
    provinceUrls: read.family('TONGQU_PROVINCE_URL_', code => [code, read.provinceUrl(code)]),
    provinceDirs: (read.text('TONGQU_PROVINCE_DIRS') ?? '').split(delimiter).filter(Boolean).map(folder => resolve(folder)),
    logLevel: read.choice('LOG_LEVEL', ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const, mode === 'embedded' ? 'warn' : 'info'),
    limits: {
      bodyBytes: read.integer('TONGQU_BODY_BYTES', 1 << 20, 1024, 8 << 20),
      depth: read.integer('TONGQU_DEPTH', 40, 4, 1000),
      ratePerSecond: read.integer('TONGQU_RATE', 2000, 1, 1_000_000),
      backlog: read.integer('TONGQU_BACKLOG', 20_000, 1, 10_000_000),
    },
  }
  const key = read.dataKey('TONGQU_DATA_KEY', mode)
  read.refuseFaults()
  return { ...settings, dataKey: key ?? keyFile(dataDir) }
}

class Reader {
  readonly #faults: string[] = []
  constructor(readonly env: Environment) {}

  text(name: string): string | undefined { return this.env[name]?.trim() || undefined }

  integer(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name)
    if (text === undefined) return fallback
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    this.#fault(name, `must be a whole number from ${min} to ${max}`)
    return fallback
  }

  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const text = this.text(name)
    if (text === undefined) return fallback
    const found = allowed.find(value => value === text)
    if (!found) this.#fault(name, `must be one of ${allowed.join(', ')}`)
    return found ?? fallback
  }

  url(name: string, ...protocols: readonly string[]): string | undefined {
    const text = this.text(name)
    // the value may hold a password: the fault does not repeat it
    if (text !== undefined && !protocols.includes(URL.parse(text)?.protocol ?? '')) this.#fault(name, `must be an address that begins with ${protocols.map(p => `${p}//`).join(' or ')}`)
    return text
  }

  provinceUrl(code: string): string | undefined {
    const name = `TONGQU_PROVINCE_URL_${code}`
    if (!/^\d{6}$/.test(code)) this.#fault(name, 'must end with the six digits of a province code')
    return this.url(name, 'http:', 'https:')?.replace(/\/$/, '')
  }

  brokers(name: string): string[] {
    const list = (this.text(name) ?? '').split(',').map(part => part.trim()).filter(Boolean)
    if (!list.every(broker => /^[^\s:/]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(broker))) this.#fault(name, 'must be host:port, several separated by commas')
    return list
  }

  /** Every variable whose name begins with `prefix`, by what follows it. */
  family(prefix: string, entry: (rest: string) => [string, string | undefined]): Record<string, string> {
    const names = Object.keys(this.env).filter(name => name.startsWith(prefix) && this.text(name))
    return Object.fromEntries(names.map(name => entry(name.slice(prefix.length))).filter((pair): pair is [string, string] => pair[1] !== undefined))
  }

  dataKey(name: string, mode: Settings['mode']): Buffer | undefined {
    const text = this.text(name)
    const key = text === undefined ? undefined : Buffer.from(text, 'base64')
    if (key && key.length < 32) this.#fault(name, 'must be base64 of at least 32 random bytes, e.g. of `openssl rand -base64 32`')
    if (!key && mode === 'servers') this.#fault(name, 'is missing; every process of an installation needs the same one, e.g. of `openssl rand -base64 32`')
    return key
  }

  refuseFaults(): void {
    if (this.#faults.length) throw new Error(`These settings cannot be used:\n${this.#faults.map(line => `  ${line}`).join('\n')}`)
  }

  #fault(name: string, text: string): void { this.#faults.push(`${name} ${text}`) }
}

function keyFile(dataDir: string): Buffer {
  const file = join(dataDir, 'data-key')
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o711 })
    const draft = `${file}.${process.pid}`
    writeFileSync(draft, randomBytes(32).toString('base64'), { mode: 0o600 })
    // a link never replaces: of two that start at once, both read the first one's key
    try { linkSync(draft, file) } catch (error) { if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error } finally { rmSync(draft) }
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  if (key.length < 32) throw new Error(`${file} does not hold a data key. What was sealed with the lost key cannot be read again; move ${dataDir} away to begin anew.`)
  return key
}
