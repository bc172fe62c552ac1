import { closeSync, existsSync, fdatasync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** One request as a province remembers it. */
export interface LedgerEntry {
  readonly id: string
  readonly province: string
  readonly exchange: string
  /** `Tongqu-Case` and `Tongqu-Exchange-Id` as received; empty when absent. */
  readonly caseId: string
  readonly exchangeId: string
  /** 1, 2 …: place among the effects of this province, in the order they happened. */
  readonly order: number
  /** Name of the native answer, and whether only half of it is told. */
  readonly answer: string
  readonly malformed: boolean
  /** Epoch ms: from then on the answer may be told. */
  readonly readyAt: number
  /** How often the request took effect: 1, or the target's promise is broken. */
  readonly effects: number
  /** How often the request was received. */
  readonly deliveries: number
  /** How often its status was asked for. */
  readonly queries: number
}

type Line =
  | { readonly t: 'effect'; readonly entry: Omit<LedgerEntry, 'effects' | 'deliveries' | 'queries'> }
  | { readonly t: 'again' | 'query'; readonly province: string; readonly id: string }

/** A province remembers so long; at the next start older lines are dropped. */
const REMEMBERED_MS = 6 * 3_600_000
const SYNC_MS = 200

/**
 * What took effect in the pretend provinces, on disk before it is answered: a process that is killed finds it again. Lines of one turn
 * of the event loop are written together. A killed process loses nothing that was written; a machine that loses power loses at most the
 * last `SYNC_MS`, which a pretend system may.
 */
export class Ledger {
  readonly #entries = new Map<string, { -readonly [K in keyof LedgerEntry]: LedgerEntry[K] }>()
  readonly #orders = new Map<string, number>()
  readonly #fd: number
  readonly #timer: NodeJS.Timeout
  #gathered: string[] = []
  #written = Promise.resolve()
  #dirty = false

  /** @param now epoch ms */
  constructor(private readonly file: string, now: number) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    if (existsSync(file)) this.#recall(now)
    this.#fd = openSync(file, 'a', 0o600)
    this.#timer = setInterval(() => this.#sync(), SYNC_MS)
    this.#timer.unref()
  }

  get(province: string, id: string): LedgerEntry | undefined { return this.#entries.get(`${province} ${id}`) }

  of(province: string): LedgerEntry[] { return [...this.#entries.values()].filter(e => e.province === province) }

  /** Resolves when the line is written. */
  effect(e: Omit<LedgerEntry, 'order' | 'effects' | 'deliveries' | 'queries'>): Promise<void> {
    const line: Line = { t: 'effect', entry: { ...e, order: (this.#orders.get(e.province) ?? 0) + 1 } }
    return this.#add(line)
  }

  /** The same request was received again, or asked for. */
  again(t: 'again' | 'query', province: string, id: string): Promise<void> { return this.#add({ t, province, id }) }

  close(): void {
    clearInterval(this.#timer)
    this.#flush()
    closeSync(this.#fd)
  }

  #add(line: Line): Promise<void> {
    this.#apply(line)
    if (this.#gathered.push(JSON.stringify(line)) === 1) this.#written = new Promise(resolve => setImmediate(() => { this.#flush(); resolve() }))
    return this.#written
  }

  #flush(): void {
    if (!this.#gathered.length) return
    writeSync(this.#fd, `${this.#gathered.join('\n')}\n`)
    this.#gathered = []
    this.#dirty = true
  }

  #sync(): void {
    if (!this.#dirty) return
    this.#dirty = false
    fdatasync(this.#fd, () => undefined)
  }

  #apply(line: Line): void {
    if (line.t === 'effect') {
      const key = `${line.entry.province} ${line.entry.id}`
      const known = this.#entries.get(key)
      if (known) { known.effects++; known.deliveries++ } else this.#entries.set(key, { ...line.entry, effects: 1, deliveries: 1, queries: 0 })
      this.#orders.set(line.entry.province, line.entry.order)
      return
    }
    const known = this.#entries.get(`${line.province} ${line.id}`)
    if (known) known[line.t === 'again' ? 'deliveries' : 'queries']++
  }

  /** Reads what a former process left; a line that it did not finish was never answered. */
  #recall(now: number): void {
    const text = readFileSync(this.file, 'utf8')
    const kept: string[] = []
    for (const json of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      if (!json) continue
      const line = readable(json)
      if (!line) continue
      const known = line.t === 'effect' ? line.entry.readyAt > now - REMEMBERED_MS : this.#entries.has(`${line.province} ${line.id}`)
      if (!known) continue
      this.#apply(line)
      kept.push(json)
    }
    const whole = kept.map(json => `${json}\n`).join('')
    if (whole === text) return
    writeFileSync(`${this.file}.new`, whole, { mode: 0o600 })
    renameSync(`${this.file}.new`, this.file)
  }
}

/** A machine that lost power may leave a line torn. */
function readable(json: string): Line | undefined {
  try { return JSON.parse(json) as Line } catch { return undefined }
}
