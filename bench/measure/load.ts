import { randomUUID } from 'node:crypto'
import net from 'node:net'

/**
 * A closed loop over raw keep-alive sockets, in a process of its own, so that the generator takes little of the shared cores.
 * Started with its settings as JSON in the first argument; tells its parent `measure`, `end` and `{ result }`.
 */
export interface LoadSettings {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Base64 of the body. */
  readonly body: string
  readonly inFlight: number
  readonly warmMs: number
  readonly measureMs: number
  /** Number of cases that the requests are spread over; every run has its own. */
  readonly cases: number
}

export interface LoadResult {
  readonly count: number
  readonly sent: number
  readonly refused: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

class Loop {
  readonly #latencies: number[] = []
  #refused = 0
  #sent = 0
  #open: number
  #phase: 'warm' | 'measure' | 'end' = 'warm'
  readonly #before: Buffer
  readonly #cases: readonly Buffer[]
  readonly #after: Buffer

  constructor(private readonly s: LoadSettings) {
    this.#open = s.inFlight
    this.#cases = Array.from({ length: s.cases }, () => Buffer.from(randomUUID()))
    const body = Buffer.from(s.body, 'base64')
    const fixed = Object.entries({ host: 'localhost', ...s.headers, 'content-length': String(body.length) }).map(([k, v]) => `${k}: ${v}\r\n`).join('')
    this.#before = Buffer.from(`POST ${s.path} HTTP/1.1\r\n${fixed}tongqu-case: `)
    this.#after = Buffer.concat([Buffer.from('\r\n\r\n'), body])
  }

  run(): void {
    setTimeout(() => { this.#phase = 'measure'; process.send?.('measure') }, this.s.warmMs)
    setTimeout(() => { this.#phase = 'end'; process.send?.('end') }, this.s.warmMs + this.s.measureMs)
    for (let i = 0; i < this.s.inFlight; i++) this.#connect()
  }

  #connect(): void {
    const socket = net.connect(this.s.port, '127.0.0.1')
    socket.setNoDelay(true)
    let startedMs = 0
    let text = ''
    let needed = 0
    const next = (): void => {
      if (this.#phase === 'end') { socket.end(); if (--this.#open === 0) this.#finish(); return }
      startedMs = performance.now()
      this.#sent++
      socket.write(Buffer.concat([this.#before, this.#cases[Math.floor(Math.random() * this.#cases.length)]!, this.#after]))
    }
    socket.on('connect', next)
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      if (!needed) {
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        needed = end + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
      }
      if (text.length < needed) return
      const ms = performance.now() - startedMs
      if (!text.startsWith('HTTP/1.1 200')) { if (this.#refused++ === 0) process.stderr.write(`${Buffer.from(text, 'latin1').toString().slice(0, 4000)}\n`) } else if (this.#phase === 'measure') this.#latencies.push(ms)
      text = ''
      needed = 0
      next()
    })
    socket.on('error', error => { process.stderr.write(`${error.message}\n`); process.exit(1) })
  }

  #finish(): void {
    const sorted = Float64Array.from(this.#latencies).sort()
    const at = (q: number): number => sorted.length ? Number(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!.toFixed(2)) : NaN
    const result: LoadResult = {
      count: sorted.length, sent: this.#sent, refused: this.#refused, perSecond: Number((sorted.length / this.s.measureMs * 1000).toFixed(1)),
      p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1),
    }
    process.send?.({ result }, () => process.exit(0))
  }
}

new Loop(JSON.parse(process.argv[2]!) as LoadSettings).run()
