import { setTimeout as pause } from 'node:timers/promises'
import { completed, newId, systemClock } from '#kernel'
import { fromEnvelope, MemoryTransport, MessagingService, toEnvelope, type Decision, type EffectPerformer, type Envelope, type Handler, type Store, type Transport } from '#messaging'
import { silentLogger } from '#observability'
import { EvidenceChain, sha256Hex, type EvidenceRow } from '#security'
import type { MemoryStore } from '#testing'
import type { LedgerEntry, Observation, RecordedExchange } from './checkers.js'
import { History } from './history.js'

const PROVINCE = '350000'

/** A service's store as it is, and as the service sees it. */
export interface Keeping { readonly kept: MemoryStore; readonly seen: Store }

/** What becomes of an envelope on its way; undefined: it is lost. */
export type Carry = (e: Envelope) => Envelope | undefined

/**
 * Gateway, domain, connector and one province in one process on stores in memory: the real pipeline under the checkers, without a
 * database or a broker. The province recognises no repeats, so that whatever the pipeline does twice takes effect twice.
 */
export class SmallSystem {
  readonly #transport: Transport
  readonly #history = new History()
  readonly #records = new Map<string, RecordedExchange>()
  readonly #ledger = new Map<string, LedgerEntry>()
  readonly #endings = new EvidenceChain('gateway#0.out', 0)
  readonly #ended: EvidenceRow[] = []
  readonly #requests: Envelope[] = []
  #services: MessagingService[] = []

  constructor(private readonly domain: Keeping, private readonly connector: Keeping, carry: Carry = e => e) {
    const wire = new MemoryTransport()
    this.#transport = {
      ensureTopics: () => wire.ensureTopics(), subscribe: (...subscription) => wire.subscribe(...subscription), close: () => wire.close(),
      publish: envelopes => wire.publish(envelopes.flatMap(e => carry(e) ?? [])),
    }
  }

  async start(): Promise<this> {
    await this.#transport.ensureTopics(['domain', 'deliver', 'tongqu.gateway'])
    const at = { transport: this.#transport, clock: systemClock, logger: silentLogger }
    this.#services = [
      await MessagingService.start({ ...at, name: 'domain', topics: ['domain'], store: this.domain.seen, handlers: DOMAIN }),
      await MessagingService.start({ ...at, name: 'connector', topics: ['deliver'], store: this.connector.seen, handlers: CONNECTOR, effects: { performer: this.#province, limitOf: () => 4 } }),
    ]
    await this.#transport.subscribe('gateway', ['tongqu.gateway'], batch => { for (const e of batch) this.#end(e); return Promise.resolve() })
    return this
  }

  /** One request of a case; it is emitted again when its exchange has not ended by `emitAgain`. */
  async ask(caseId: string, seq: number): Promise<void> {
    const id = newId()
    const key = `${caseId}/${seq}`
    this.#history.add({ kind: 'sent', key, caseId, seq, targets: [PROVINCE] })
    this.#history.add({ kind: 'accepted', key, exchangeId: id, replayed: false })
    this.#records.set(id, { id, caseId, seq, state: 'OPEN', partial: false, targets: [PROVINCE] })
    const request = toEnvelope({
      id, type: 'ask', source: 'gateway', caseId, key: caseId, topic: 'domain', exchangeId: id, time: new Date().toISOString(), seq, attempt: 0, traceparent: '', versions: {}, trail: [],
      body: Buffer.from('{}'),
    })
    this.#requests.push(request)
    await this.#transport.publish([request])
  }

  /** Everything on the wire comes once more, as a broker may deliver it. */
  async redeliver(): Promise<void> {
    await this.#transport.publish([...this.#requests, ...this.domain.kept.outbox.map(o => o.envelope), ...this.connector.kept.outbox.map(o => o.envelope)])
  }

  /** Open exchanges are emitted again, as the gateway does it. */
  async emitAgain(): Promise<void> {
    const open = this.#requests.filter(e => this.#records.get(e.headers.tq_exchange!)!.state === 'OPEN')
    await this.#transport.publish(open.map(e => ({ ...e, headers: { ...e.headers, tq_attempt: '1' } })))
  }

  /** Resolves when every exchange has ended, or after `ms`. */
  async settled(ms = 1000): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end && [...this.#records.values()].some(r => r.state === 'OPEN');) await pause(5)
    await pause(50)
  }

  async close(): Promise<void> {
    for (const service of this.#services) await service.close()
    await this.#transport.close()
  }

  observe(): Observation {
    return {
      history: this.#history.events, records: [...this.#records.values()], ledgers: [...this.#ledger.values()],
      evidence: [...this.domain.kept.evidence, ...this.connector.kept.evidence, ...this.#ended], residue: { 'connector.effect': this.connector.kept.effects.size },
    }
  }

  #end(e: Envelope): void {
    const { type, exchangeId, caseId, body } = fromEnvelope(e)
    const record = this.#records.get(exchangeId)
    if (type !== 'told' || record?.state !== 'OPEN') return
    this.#records.set(exchangeId, { ...record, state: 'COMPLETED' })
    const rows = this.#endings.draw([{ exchangeId, caseId, what: 'ended', digest: sha256Hex(body), at: new Date().toISOString(), detail: { state: 'COMPLETED' } }])
    this.#endings.adopt(rows)
    this.#ended.push(...rows)
  }

  readonly #province: EffectPerformer = {
    perform: ({ id, exchangeId }) => {
      const known = this.#ledger.get(id)
      this.#ledger.set(id, known ? { ...known, effects: known.effects + 1 } : { province: PROVINCE, deliveryId: id, exchangeId, effects: 1, order: this.#ledger.size })
      return Promise.resolve({ answered: true })
    },
  }
}

const DOMAIN = new Map<string, Handler>([
  ['ask', ({ message }): Decision => ({ outcome: completed, next: { kind: 'k', state: 'ASKED', data: null }, emit: [{ topic: 'deliver', type: 'deliver', name: PROVINCE, body: { seq: message.seq } }], facts: [{ what: 'access.permitted' }] })],
  ['answer', (): Decision => ({ outcome: completed, emit: [{ topic: 'tongqu.gateway', type: 'told', body: {} }] })],
])
const CONNECTOR = new Map<string, Handler>([
  ['deliver', ({ message }): Decision => ({ outcome: completed, effects: [{ lane: PROVINCE, key: message.caseId, what: 'delivery', input: null }] })],
  ['connector.delivery.done', (): Decision => ({ outcome: completed, emit: [{ topic: 'domain', type: 'answer', body: {} }] })],
])
