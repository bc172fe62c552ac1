import { GatewayClient, refused, type Answer } from '../gateway/gateway-client.js'
import { isProblem, type Problem } from '../gateway/problem.rules.js'
import type { Journey } from '../trace/timeline.rules.js'

export interface Asked {
  readonly status: number
  readonly exchange?: string
  readonly contentType: string
  /** The reply in the asker’s own dialect, byte for byte. */
  readonly bytes: Buffer
  readonly problem?: Problem
}

/** One participant that sends documents in its own dialect and waits for the replies. */
export class Asker {
  constructor(private readonly client: GatewayClient, private readonly contentType: string) {}

  /** @param message `discover`, `list` or `retrieve`; @param caseId the discovery that the others belong to */
  async ask(message: string, document: Uint8Array | string, { caseId, waitSeconds = 30, headers = {} }: { caseId?: string; waitSeconds?: number; headers?: Readonly<Record<string, string>> } = {}): Promise<Asked> {
    const answer = await this.client.call(`/v1/exchanges/medical-records/${message}`, {
      method: 'POST', body: document, timeoutMs: (waitSeconds + 10) * 1000,
      headers: { 'content-type': this.contentType, prefer: `wait=${waitSeconds}`, ...(caseId !== undefined && { 'tongqu-case': caseId }), ...headers },
    })
    return asked(answer)
  }

  /** The reply in its canonical form, or as FHIR R4. */
  async canonical<T>(exchange: string, as: 'application/tongqu+json' | 'application/fhir+json' = 'application/tongqu+json'): Promise<T> {
    const answer = await this.client.call(`/v1/exchanges/${exchange}/reply`, { headers: { accept: as } })
    if (answer.status !== 200) throw refused(answer)
    return answer.json as T
  }

  async journey(exchange: string): Promise<Journey> { return this.client.json<Journey>(`/v1/exchanges/${exchange}`) }
}

function asked(answer: Answer): Asked {
  const problem = isProblem(answer.json) ? answer.json : undefined
  const place = answer.headers.get('content-location') ?? answer.headers.get('location') ?? (problem?.exchange as string | undefined) ?? ''
  return {
    status: answer.status, exchange: /\/v1\/exchanges\/([0-9a-f-]{36})/.exec(place)?.[1], contentType: answer.headers.get('content-type') ?? '', bytes: answer.bytes,
    problem,
  }
}
