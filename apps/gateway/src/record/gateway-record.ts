import type { Pool } from 'pg'
import { newId, type Clock } from '#kernel'
import { fromEnvelope, operation, operationBody, Relay, type DeadLetterNotice, type Envelope, type Message, type Subscription, type Transport } from '#messaging'
import type { Logger } from '#observability'
import { EXCHANGES, topics } from '#schemas'
import type { EvidenceRow, Sealer } from '#security'
import { endingOf, recordDeadLetter } from './outcome.js'
import { PgExchangeStore } from './pg-exchange-store.js'

export interface GatewayRecordOptions {
  readonly pool: Pool
  readonly sealer: Sealer
  readonly clock: Clock
  readonly transport: Transport
  readonly logger: Logger
  readonly instance?: number
  /** Takes a document for a pull province into its inbox; returns answers that are known already. */
  readonly pull: (message: Message) => Promise<readonly Envelope[]>
}

const SWEEP_MS = 500

/** The gateway's side of the pipeline: what services send to it becomes the record, and what stalls is emitted again. */
export class GatewayRecord {
  readonly #relay: Relay
  readonly #asks = new Map<string, { missing: Set<string>; done: PromiseWithResolvers<void> }>()
  #subscriptions: Subscription[] = []
  #timer: NodeJS.Timeout | undefined
  #sweeping = false
  #store: PgExchangeStore

  private constructor(private readonly o: GatewayRecordOptions) {
    this.#relay = new Relay(o.transport, error => o.logger.warn({ error: (error as Error).message }, 'relay stopped'))
  }

  static async start(o: GatewayRecordOptions): Promise<GatewayRecord> {
    const record = new GatewayRecord(o)
    record.#store = await PgExchangeStore.open(o.pool, o.sealer, o.clock, o.instance ?? 0, requests => record.#relay.hand(requests))
    await o.transport.ensureTopics([topics.gateway, topics.deadLetters, topics.pull, ...new Set(EXCHANGES.map(d => topics.domain(d.domain))), ...SERVICES.map(topics.operations)])
    o.transport.onLoss?.(() => record.#openRequests())
    // what a former process recorded but may not have published
    await o.pool.query(`UPDATE exchange SET emit_at = $1 WHERE state = 'OPEN'`, [o.clock.now()])
    record.#subscriptions = [
      await o.transport.subscribe('gateway', [topics.gateway, topics.deadLetters], batch => record.#take(batch)),
      await o.transport.subscribe('gateway-pull', [topics.pull], batch => record.#pull(batch)),
    ]
    record.#timer = setInterval(() => void record.#sweep(), SWEEP_MS)
    record.#timer.unref()
    return record
  }

  get store(): PgExchangeStore { return this.#store }
  /** For what this service sends beside requests: answers of pull provinces, operations. */
  emit(envelopes: readonly Envelope[]): void { this.#relay.hand(envelopes) }
  get waiting(): number { return this.#relay.size + this.#subscriptions.reduce((n, s) => n + s.lag(), 0) }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#subscriptions.map(s => s.close()))
    await this.#store.drain()
    await this.#relay.close()
  }

  /** Requests of all open exchanges, as said the first time: services say by themselves again what came of them. The numbers of a case keep their order. */
  async *#openRequests(): AsyncGenerator<readonly Envelope[]> {
    const now = this.o.clock.now()
    await this.o.pool.query(`UPDATE exchange SET emit_at = $1 WHERE state = 'OPEN'`, [now])
    for (let page = await this.#store.stalled(now, 500); page.length; page = await this.#store.stalled(now, 500)) yield page.map(e => ({ ...e, headers: { ...e.headers, tq_attempt: '0' } }))
  }

  async #take(batch: readonly Envelope[]): Promise<void> {
    const now = this.o.clock.now()
    // what an earlier one of them says must be in effect before a later one is: a letter set down and settled, evidence and its end
    const inTurn: Envelope[] = []
    await Promise.all(batch.map(async e => {
      const type = e.headers.ce_type ?? ''
      if (type.endsWith('.result')) await this.#store.outcome.end(endingOf(fromEnvelope(e), now))
      else if (type === 'notice.access') await this.#store.outcome.notice(fromEnvelope(e))
      else if (type === 'ops.dead-letter' || type === 'ops.evidence.tell') inTurn.push(e)
      else if (type === 'ops.progress') { const { exchangeId, steps } = operationBody('ops.progress', e); await this.#store.progress(exchangeId, steps) }
      else if (type === 'ops.finality.ask') await this.#tellFinality(e)
      else this.o.logger.warn({ type }, 'message unknown to the gateway')
    }))
    for (const e of inTurn) {
      if (e.headers.ce_type === 'ops.dead-letter') await recordDeadLetter(this.o.pool, JSON.parse(e.body.toString()) as DeadLetterNotice)
      else await this.#keepEvidence(e)
    }
  }

  async #pull(batch: readonly Envelope[]): Promise<void> {
    for (const e of batch) this.#relay.hand(await this.o.pull(fromEnvelope(e)))
  }

  async #tellFinality(e: Envelope): Promise<void> {
    const { service, exchanges } = operationBody('ops.finality.ask', e)
    const final = await this.#store.final(exchanges)
    if (final.length) this.#relay.hand([operation('ops.finality.tell', 'gateway', topics.operations(service), { exchanges: final })])
  }

  /** Emits again what made no progress, ends what is past its deadline. */
  async #sweep(): Promise<void> {
    if (this.#sweeping) return
    this.#sweeping = true
    try {
      const now = this.o.clock.now()
      const stalled = await this.#store.stalled(now, 500)
      if (stalled.length) this.o.logger.info({ exchanges: stalled.length }, 'emitted again')
      this.#relay.hand(stalled)
      await this.#store.outcome.expire(now)
    } catch (error) {
      this.o.logger.warn({ error: (error as Error).message }, 'sweep not done, tried again')
    } finally {
      this.#sweeping = false
    }
  }

  /**
   * All evidence of the installation: the gateway's chains and those of every service, which are asked for what is new here.
   * @returns rows chain by chain in order, and the services that did not answer within `ms`.
   */
  async evidence(ms: number): Promise<{ missing: string[]; rows: AsyncGenerator<EvidenceRow> }> {
    const { rows } = await this.o.pool.query('SELECT chain, max(n) AS n FROM remote_evidence GROUP BY chain')
    const askId = newId()
    const ask = { missing: new Set(SERVICES), done: Promise.withResolvers<void>() }
    this.#asks.set(askId, ask)
    const after = Object.fromEntries(rows.map(r => [r.chain, Number(r.n)]))
    this.#relay.hand(SERVICES.map(s => operation('ops.evidence.ask', 'gateway', topics.operations(s), { after, askId })))
    const timer = setTimeout(() => ask.done.resolve(), ms)
    await ask.done.promise
    clearTimeout(timer)
    this.#asks.delete(askId)
    return { missing: [...ask.missing], rows: this.#evidenceRows() }
  }

  async *#evidenceRows(): AsyncGenerator<EvidenceRow> {
    for (const table of ['evidence', 'remote_evidence']) {
      for (let chain = '', n = 0; ;) {
        const { rows } = await this.o.pool.query(`SELECT * FROM ${table} WHERE (chain, n) > ($1, $2) ORDER BY chain, n LIMIT 1000`, [chain, n])
        for (const r of rows) yield { chain: r.chain, n: Number(r.n), exchangeId: r.exchange_id, caseId: r.case_id, what: r.what, digest: r.digest, detail: r.detail, at: r.at.toISOString(), prev: r.prev, hash: r.hash }
        if (rows.length < 1000) break
        chain = rows.at(-1).chain
        n = Number(rows.at(-1).n)
      }
    }
  }

  async #keepEvidence(e: Envelope): Promise<void> {
    const { askId, rows, done, service } = operationBody('ops.evidence.tell', e)
    if (rows.length) {
      const col = <K extends keyof EvidenceRow>(k: K): EvidenceRow[K][] => rows.map(r => r[k])
      await this.o.pool.query(`INSERT INTO remote_evidence SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::text[], $10::text[]) ON CONFLICT DO NOTHING`,
        [col('chain'), col('n'), col('exchangeId'), col('caseId'), col('what'), col('digest'), col('detail'), col('at'), col('prev'), col('hash')])
    }
    const ask = this.#asks.get(askId)
    if (done && ask) { ask.missing.delete(service); if (!ask.missing.size) ask.done.resolve() }
  }
}

/** Everything that takes operators' commands: the domains and the connector. */
const SERVICES = [...new Set(EXCHANGES.map(d => d.domain)), 'connector']
