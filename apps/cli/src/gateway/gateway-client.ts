import { CommandFailure, EXIT, unusable } from '../command-failure.js'
import type { Connection } from './connection.js'
import { isProblem, problemText } from './problem.rules.js'

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** Longest wait for the whole answer, milliseconds. */
  readonly timeoutMs?: number
}

/** An answer whatever its status; `json` is undefined when the body is none. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly json: unknown
}

/** Speaks HTTP to one gateway with one key. Nothing in this command reaches a database or a broker. */
export class GatewayClient {
  constructor(readonly connection: Pick<Connection, 'url'> & Partial<Connection>) {}

  /** Any answer is a value; only an unreachable gateway throws (exit code 2). */
  async call(path: string, { method = 'GET', headers = {}, body, timeoutMs = 30_000 }: Call = {}): Promise<Answer> {
    const { url, key } = this.connection
    try {
      const response = await fetch(url + path, {
        method, signal: AbortSignal.timeout(timeoutMs), body: body as Uint8Array<ArrayBuffer> | string | undefined,
        headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      return { status: response.status, headers: response.headers, bytes, json: jsonOf(response, bytes) }
    } catch (error) {
      throw unusable(`The gateway at ${url} cannot be reached (${reason(error)}).`, 'Is it running? `npm start` starts one here; `npx tongqu doctor` looks further. Another address: --url or TONGQU_URL.', error)
    }
  }

  /** The JSON of a 2xx answer; any other status ends the command with the gateway's own explanation. */
  async json<T>(path: string, call: Call = {}): Promise<T> {
    const answer = await this.call(path, call)
    if (answer.status >= 200 && answer.status < 300) return answer.json as T
    throw refused(answer)
  }

  async send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
    return this.json<T>(path, body === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  }
}

/** What the gateway said no to, all faults of it. */
export function refused(answer: Answer): CommandFailure {
  if (isProblem(answer.json)) return new CommandFailure(problemText(answer.json), EXIT.failed, { problem: answer.json })
  return new CommandFailure(`The gateway answered HTTP ${answer.status}.`, EXIT.failed, { problem: { status: answer.status, body: answer.json } })
}

function jsonOf(response: Response, bytes: Buffer): unknown {
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) return undefined
  try { return JSON.parse(bytes.toString('utf8')) } catch { return undefined }
}

/** fetch hides the reason one level down. */
const reason = (error: unknown): string => {
  const e = error as Error & { cause?: { code?: string } & Error }
  return e.name === 'TimeoutError' ? 'no answer in time' : e.cause?.code ?? e.cause?.message ?? e.message
}
