import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'pg'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { freePort, nodeArguments, projectFolder } from '#runtime'
import { Sealer } from '#security'
import type { NativeRequest } from './documents.js'

/** An answer of the gateway, whatever its status. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  json<T>(): T
}

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly exchange?: string
  readonly faults: readonly { readonly code: string; readonly pointer: string; readonly zh: string; readonly en: string }[]
}

export interface Call {
  /** Participant whose key is used; `null`: no key. */
  readonly as: string | null
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

interface DemoKey { readonly participant: string; readonly role: string; readonly key: string }

const START_MS = 60_000

/**
 * The embedded system as a process of its own on a database of this test, driven over HTTP as a participant would. What it writes to its
 * terminal is kept.
 */
export class EmbeddedSystem {
  #keys: readonly DemoKey[] = []
  #url = ''
  #said = ''

  private constructor(readonly dataDir: string, private readonly child: ChildProcess, private readonly postgres: EmbeddedPostgres, private readonly simulatorPort: number) {
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => { this.#said += chunk.toString() })
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<EmbeddedSystem> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-system-'))
    const [postgres, simulatorPort] = await Promise.all([startEmbeddedPostgres({ dataDir }), freePort()])
    const child = spawn(process.execPath, nodeArguments('apps/all-in-one/src/main'), {
      cwd: projectFolder(), stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited(), PORT: '0', TONGQU_MODE: 'embedded', TONGQU_DATA_DIR: dataDir, TONGQU_SIMULATOR_PORT: String(simulatorPort), DATABASE_URL: postgres.url, ...env },
    })
    const system = new EmbeddedSystem(dataDir, child, postgres, simulatorPort)
    try { await system.#ready() } catch (error) { await system.stop(); throw error }
    return system
  }

  get url(): string { return this.#url }
  get pid(): number { return this.child.pid! }
  /** Everything that its process wrote to the terminal so far, logs included. */
  get said(): string { return this.#said }
  /** Its database, below its own access rules; the schema of a service is its name with underscores. */
  readonly database: { query<T>(text: string, values?: unknown[]): Promise<T[]> } = { query: async <T>(text: string, values?: unknown[]) => (await this.#pool.query(text, values)).rows as T[] }
  #lazyPool: Pool | undefined
  get #pool(): Pool { return this.#lazyPool ??= new Pool({ connectionString: this.postgres.url, max: 2 }) }
  get sealer(): Sealer { return new Sealer(Buffer.from(readFileSync(join(this.dataDir, 'data-key'), 'utf8').trim(), 'base64')) }
  get operator(): string { return this.#keys.find(k => k.role === 'operator')!.participant }

  keyOf(participant: string): string {
    const found = this.#keys.find(k => k.participant === participant)
    if (!found) throw new Error(`there is no key of ${participant}; there are ${this.#keys.map(k => k.participant).join(', ')}`)
    return found.key
  }

  /** Takes a key that was issued meanwhile. */
  adopt(participant: string, key: string): void { this.#keys = [{ participant, role: 'both', key }, ...this.#keys.filter(k => k.participant !== participant)] }

  async call(path: string, { as, method = 'GET', headers = {}, body }: Call): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method, headers: { ...(as !== null && { authorization: `Bearer ${this.keyOf(as)}` }), ...headers }, body: body as Uint8Array<ArrayBuffer> | string | undefined, signal: AbortSignal.timeout(45_000),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    return { status: response.status, headers: response.headers, bytes, text: bytes.toString(), json: () => JSON.parse(bytes.toString()) }
  }

  /** Sends a document to an exchange, as its sender would; waits for the reply unless told otherwise. */
  async send(participant: string | null, message: string, request: NativeRequest, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { contentType, body } = request
    return this.call(`/v1/exchanges/medical-records/${message}`, { as: participant, method: 'POST', body, headers: { 'content-type': contentType, prefer: 'wait=20', ...request.headers, ...headers } })
  }

  /** Operator's JSON in and out. */
  async operate<T>(method: NonNullable<Call['method']>, path: string, body?: unknown): Promise<T> {
    const answer = await this.call(path, { as: this.operator, method, ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) })
    if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.status}`)
    return (answer.bytes.length ? answer.json() : undefined) as T
  }

  /** A participant of this test alone; it has the key and the rights given here. */
  async register(id: string, province: string, rights: readonly { exchange: string; province: string; purposes: readonly string[] }[]): Promise<{ keyId: string }> {
    await this.operate('POST', '/v1/participants', { id, name: id, province, organizationCode: '488250168', role: 'both' })
    const { id: keyId, key } = await this.operate<{ id: string; key: string }>('POST', `/v1/participants/${id}/keys`, {})
    if (rights.length) await this.operate('PUT', `/v1/participants/${id}/rights`, { rights })
    this.adopt(id, key)
    return { keyId }
  }

  /** How a pretend province misbehaves, until `restore`. */
  async misbehave(province: string, switches: Readonly<Record<string, unknown>>): Promise<void> { await this.#simulator(province, 'PUT', JSON.stringify(switches)) }
  async restore(...provinces: readonly string[]): Promise<void> { for (const province of provinces) await this.#simulator(province, 'DELETE') }
  /** What took effect at a pretend province. */
  async ledger(province: string): Promise<{ readonly id: string; readonly exchangeId: string; readonly effects: number }[]> {
    return (await (await fetch(`http://127.0.0.1:${this.simulatorPort}/${province}/_ledger`)).json() as { entries: { id: string; exchangeId: string; effects: number }[] }).entries
  }

  async stop(): Promise<void> {
    await this.#lazyPool?.end()
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit')
      this.child.kill('SIGTERM')
      await ended
    }
    await this.postgres.stop()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  async #simulator(province: string, method: 'PUT' | 'DELETE', body?: string): Promise<void> {
    const { status, ok } = await fetch(`http://127.0.0.1:${this.simulatorPort}/${province}/_switches`, { method, body })
    if (!ok) throw new Error(`the switches of ${province} were answered ${status}`)
  }

  async #ready(): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += 50) {
      const url = /^Ready: (\S+)$/m.exec(this.#said)?.[1]
      if (url) { this.#url = url; break }
      if (this.child.exitCode !== null || waitedMs > START_MS) throw new Error(`the embedded system did not start:\n${this.#said}`)
      await pause(50)
    }
    this.#keys = (JSON.parse(readFileSync(join(this.dataDir, 'demo-keys.json'), 'utf8')) as { keys: DemoKey[] }).keys
  }
}

const inherited = (): Record<string, string | undefined> => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TONGQU_|KAFKA_|DATABASE_|PORT$|HOST$|LOG_LEVEL$)/.test(name)))

/** Waits for what comes by itself. */
export async function eventually<T>(look: () => Promise<T | undefined>, what: string, ms = 15_000): Promise<T> {
  for (const end = Date.now() + ms; ;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await pause(100)
  }
}
