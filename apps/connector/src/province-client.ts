import { Pool } from 'undici'
import type { Clock } from '#kernel'
import type { Reply } from './reply.rules.js'
import { retryAfterMs } from './retry.rules.js'

export interface Call {
  readonly method: 'GET' | 'POST'
  /** Below the province's base URL: `/hie/PatientDiscovery`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Until the last byte of the answer. */
  readonly timeoutMs: number
}

export interface ClientOptions {
  readonly connections: number
  /** The most that a call may take. */
  readonly timeoutMs: number
  /** Larger answers are cut off. */
  readonly answerMaxBytes: number
  readonly clock: Clock
}

/** HTTP to one province's system: connections kept open, one call at a time on each. */
export class ProvinceClient {
  readonly #pool: Pool
  readonly #basePath: string

  constructor(baseUrl: string, private readonly o: ClientOptions) {
    const { origin, pathname } = new URL(baseUrl)
    this.#basePath = pathname.replace(/\/$/, '')
    this.#pool = new Pool(origin, {
      connections: o.connections, pipelining: 1, connect: { timeout: o.timeoutMs }, maxResponseSize: o.answerMaxBytes,
      // the limit on the whole call is ours and exact; undici's are coarse
      headersTimeout: 0, bodyTimeout: 0,
    })
  }

  /** Resolves for everything that can become of a call. Rejects only when `signal` aborts. */
  async call(call: Call, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted()
    const limit = new AbortController()
    const giveUp = (): void => limit.abort()
    const timer = setTimeout(giveUp, call.timeoutMs)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      const { statusCode: status, headers, body } = await this.#pool.request({ method: call.method, path: this.#basePath + call.path, headers: call.headers, body: call.body, signal: limit.signal })
      const bytes = Buffer.from(await body.arrayBuffer())
      const retryAfter = headers['retry-after']
      return { kind: 'response', status, body: bytes, ...(retryAfter && { retryAfterMs: retryAfterMs(String(retryAfter), this.o.clock.now()) }) }
    } catch (error) {
      signal.throwIfAborted()
      if (limit.signal.aborted) return { kind: 'timeout', full: call.timeoutMs >= this.o.timeoutMs }
      return failedReply(error as NodeJS.ErrnoException)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** Breaks what is under way. */
  async close(): Promise<void> { await this.#pool.destroy() }
}

function failedReply({ code, syscall, name }: NodeJS.ErrnoException): Reply {
  const reason = code ?? name
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return { kind: 'too-large' }
  const unsent = code === 'UND_ERR_CONNECT_TIMEOUT' || syscall === 'connect' || syscall === 'getaddrinfo'
  return { kind: unsent ? 'unsent' : 'broken', reason }
}
