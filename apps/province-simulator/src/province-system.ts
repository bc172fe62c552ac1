import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#kernel'
import type { Logger } from '#observability'
import type { Province } from '#provinces'
import type { Ledger, LedgerEntry } from './ledger.js'
import type { NativeAnswer, Registry } from './registry.js'
import { WELL_BEHAVED, type Switches } from './switches.js'

/** A request as the pretend system sees it. */
export interface NativeRequest {
  readonly path: string
  readonly header: (name: string) => string
  readonly body: Buffer
}

/** `cut`: the connection is broken instead. */
export type NativeResponse = { readonly kind: 'cut' } | { readonly kind: 'response'; readonly status: number; readonly contentType?: string; readonly body?: Buffer; readonly retryAfterS?: number }

const LATE_BY_MS = 500
const CUT = { kind: 'cut' } as const
const status = (code: number, retryAfterS?: number): NativeResponse => ({ kind: 'response', status: code, retryAfterS })

/** One province's pretend system: takes requests in its dialect, once each, and answers with what was written by hand. */
export class ProvinceSystem {
  /** Requests whose answer is not due yet, kept from slowing down the shutdown. */
  readonly #closing = new AbortController()

  constructor(readonly province: Province, readonly registry: Registry, private readonly ledger: Ledger, private readonly clock: Clock, private readonly logger: Logger, public switches: Switches = WELL_BEHAVED) {}

  restore(): void { this.switches = WELL_BEHAVED }
  close(): void { this.#closing.abort() }

  /** `POST <path of an exchange>` */
  async deliver(request: NativeRequest): Promise<NativeResponse> {
    const { switches } = this
    const exchange = Object.entries(this.province.profile.endpoint.paths).find(([, path]) => path === request.path)?.[0]
    if (!exchange) return status(404)
    const out = this.#outOfOrder()
    if (out) return out
    if (Math.random() < switches.rejectRate) return status(503, 1)
    const id = request.header('idempotency-key')
    if (!id) return status(400)
    const code = this.province.profile.code

    const known = switches.forgetsIds ? undefined : this.ledger.get(code, id)
    if (known) await this.ledger.again('again', code, id)
    else {
      const told = this.#choose(messageOf(exchange), request)
      if (!told) return status(404)
      await this.ledger.effect({
        id, province: code, exchange, caseId: decodeURIComponent(request.header('tongqu-case')), exchangeId: request.header('tongqu-exchange-id'),
        answer: told.name, malformed: switches.wrongAnswer === 'malformed', readyAt: this.clock.now().getTime() + this.#delayMs(request),
      })
    }
    const entry = this.ledger.get(code, id)!
    if (Math.random() < switches.dropRate) return CUT
    if (!await this.#ready(entry)) return CUT
    const response = this.#tell(entry)
    if (switches.duplicateAnswer && response.kind === 'response') void this.#tellAgain(switches.duplicateAnswer, id, response)
    return response
  }

  /** `GET <statusPath>/<id>`: 200 with the answer, 202 while it is not due, 404 when the id is unknown here. */
  async status(id: string): Promise<NativeResponse> {
    const out = this.#outOfOrder()
    if (out) return out
    const entry = this.switches.forgetsIds ? undefined : this.ledger.get(this.province.profile.code, id)
    if (!entry) return status(404)
    await this.ledger.again('query', entry.province, id)
    return entry.readyAt > this.clock.now().getTime() ? status(202) : this.#tell(entry)
  }

  #outOfOrder(): NativeResponse | undefined {
    return this.switches.down === 'refuse' ? CUT : this.switches.down === 'unavailable' ? status(503) : undefined
  }

  #choose(message: string, request: NativeRequest): NativeAnswer | undefined {
    const right = this.switches.fault ? this.registry.fault(message) : this.registry.find(message, request.body)
    return this.switches.wrongAnswer === 'other-patient' && right ? this.registry.other(message, right) : right
  }

  #delayMs(request: NativeRequest): number {
    const deadline = Date.parse(request.header('tongqu-deadline'))
    const late = this.switches.answerAfterDeadline && !Number.isNaN(deadline) ? deadline - this.clock.now().getTime() + LATE_BY_MS : 0
    return Math.max(0, late, this.switches.slowMs)
  }

  async #ready(entry: LedgerEntry): Promise<boolean> {
    const ms = entry.readyAt - this.clock.now().getTime()
    return ms <= 0 || sleep(ms, true, { signal: this.#closing.signal }).catch(() => false)
  }

  #tell(entry: LedgerEntry): NativeResponse {
    const answer = this.registry.answer(entry.answer)
    // loaded into a former process, which took it along
    if (!answer) return status(500)
    const body = entry.malformed ? answer.bytes.subarray(0, answer.bytes.length >> 1) : answer.bytes
    return { kind: 'response', status: 200, contentType: this.province.profile.contentType, body }
  }

  async #tellAgain(to: Exclude<Switches['duplicateAnswer'], false>, id: string, { body, contentType }: Extract<NativeResponse, { kind: 'response' }>): Promise<void> {
    try {
      const { status: taken } = await fetch(`${to.gatewayUrl}/v1/inbox/${id}/answer`, { method: 'POST', headers: { authorization: `Bearer ${to.apiKey}`, 'content-type': contentType ?? '' }, body: new Uint8Array(body ?? []) })
      this.logger.info({ province: this.province.profile.code, id, status: taken }, 'answer told twice')
    } catch (error) {
      this.logger.warn({ province: this.province.profile.code, id, error: (error as Error).name }, 'answer not told twice')
    }
  }
}

/** `medical-records.discover` → `discover`, the name in `holder.yaml`. */
export const messageOf = (exchange: string): string => exchange.slice(exchange.indexOf('.') + 1)
