import type { Pool } from 'pg'
import type { Clock } from '#kernel'
import type { Envelope, Step } from '#messaging'
import { EvidenceChain, type Sealer } from '#security'
import type { Accepted, ExchangeRecord, ExchangeState, ExchangeStore, Intake } from '../exchanges/exchange-store.js'
import { IntakeLane, requestEnvelope } from './intake.js'
import { OutcomeLane, type Ending } from './outcome.js'

const FINAL = new Set<ExchangeState>(['COMPLETED', 'REJECTED', 'FAILED', 'EXPIRED'])
/** A waiter of another process's exchange finds the end here. */
const LOOK_AGAIN_MS = 500

/** The record on PostgreSQL. The exchange's row is the outbox of its request: it is emitted again until the exchange is final. */
export class PgExchangeStore implements ExchangeStore {
  readonly #waiters = new Map<string, (() => void)[]>()
  /** Open exchanges; what this process took in itself with what is known of it. */
  readonly #open = new Map<string, Intake | undefined>()
  /** Just ended while somebody waited: the answer needs no reading back. */
  readonly #recent = new Map<string, { record: ExchangeRecord; reply: { schema: string; canonical: unknown } | undefined }>()
  readonly #seqs = new Map<string, number>()
  /** How many ended in this process since it started, by state. */
  readonly endedCounts: Partial<Record<ExchangeState, number>> = {}
  readonly intake: IntakeLane
  readonly outcome: OutcomeLane

  private constructor(private readonly pool: Pool, private readonly sealer: Sealer, clock: Clock, chains: { in: EvidenceChain; out: EvidenceChain }, emit: (requests: Envelope[]) => void) {
    this.intake = new IntakeLane(pool, sealer, clock, chains.in, emit)
    this.outcome = new OutcomeLane(pool, sealer, clock, chains.out, (endings, at, before) => { this.#ended(endings, at); for (const id of before) this.#over(id) })
  }

  static async open(pool: Pool, sealer: Sealer, clock: Clock, instance: number, emit: (requests: Envelope[]) => void): Promise<PgExchangeStore> {
    const chain = async (name: string): Promise<EvidenceChain> => {
      const { rows: [end] } = await pool.query('SELECT n, hash FROM evidence WHERE chain = $1 ORDER BY n DESC LIMIT 1', [name])
      return new EvidenceChain(name, Number(end?.n ?? 0), end?.hash)
    }
    const store = new PgExchangeStore(pool, sealer, clock, { in: await chain(`gateway#${instance}.in`), out: await chain(`gateway#${instance}.out`) }, emit)
    for (const r of (await pool.query(`SELECT id FROM exchange WHERE state = 'OPEN'`)).rows) store.#open.set(r.id, undefined)
    return store
  }

  async accept(intake: Intake): Promise<Accepted> {
    // before the commit: a fast reply may come back while the commit's own answer is still on its way to us
    this.#open.set(intake.id, intake)
    try {
      const accepted = await this.intake.accept(intake)
      if (accepted.kind !== 'accepted') this.#open.delete(intake.id)
      else if (this.#open.has(intake.id)) this.#seqs.set(intake.id, accepted.seq)
      return accepted
    } catch (error) {
      this.#open.delete(intake.id)
      throw error
    }
  }

  backlog(): number { return this.#open.size }

  async get(id: string): Promise<ExchangeRecord | undefined> {
    const { rows: [r] } = await this.pool.query({ name: 'exchange', text: `${RECORD} WHERE id = $1`, values: [id] })
    return r && recordOf(r)
  }

  async list(filter: { state?: string; caseId?: string; participantId?: string; limit: number }): Promise<ExchangeRecord[]> {
    const { rows } = await this.pool.query(`${RECORD} WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR case_id = $2) AND ($3::text IS NULL OR participant_id = $3) ORDER BY received_at DESC LIMIT $4`,
      [filter.state ?? null, filter.caseId ?? null, filter.participantId ?? null, filter.limit])
    return rows.map(recordOf)
  }

  async waitFor(id: string, ms: number): Promise<ExchangeRecord | undefined> {
    const until = Date.now() + ms
    for (;;) {
      // registered before looking, so that an end in between is not missed
      const mine = this.#open.has(id)
      const told = this.#told(id, Math.min(Math.max(0, until - Date.now()), mine ? ms : LOOK_AGAIN_MS))
      const record = mine ? undefined : await this.get(id)
      if (record && FINAL.has(record.state)) return record
      await told
      if (!this.#open.has(id)) {
        const recent = this.#recent.get(id)
        if (recent) return recent.record
        const now = await this.get(id)
        if (now && FINAL.has(now.state)) return now
      }
      if (Date.now() >= until) return undefined
    }
  }

  async reply(id: string): Promise<{ schema: string; canonical: unknown } | undefined> {
    const recent = this.#recent.get(id)
    if (recent) return recent.reply
    const { rows: [r] } = await this.pool.query({ name: 'reply', text: 'SELECT reply_schema, reply FROM exchange WHERE id = $1 AND reply IS NOT NULL', values: [id] })
    return r && { schema: r.reply_schema, canonical: JSON.parse(this.sealer.open(r.reply, `${id}/reply`).toString()) }
  }

  async original(id: string): Promise<{ bytes: Buffer; contentType: string } | undefined> {
    const { rows: [r] } = await this.pool.query('SELECT c.original, e.content_type FROM exchange e JOIN exchange_content c USING (id) WHERE e.id = $1', [id])
    return r && { bytes: this.sealer.open(r.original, `${id}/original`), contentType: r.content_type }
  }

  /** Request messages of open exchanges that made no progress by `now`, to be emitted again; the next time comes later. */
  async stalled(now: Date, limit: number): Promise<Envelope[]> {
    const { rows } = await this.pool.query(`UPDATE exchange e SET attempt = attempt + 1, emit_at = $1::timestamptz + make_interval(secs => least(60, 5 * power(2, attempt)))
      FROM (SELECT id FROM exchange WHERE state = 'OPEN' AND emit_at <= $1 ORDER BY emit_at LIMIT $2 FOR UPDATE SKIP LOCKED) s JOIN exchange_content c USING (id) WHERE e.id = s.id
      RETURNING e.id, e.exchange, e.case_id, e.key, e.seq, e.attempt, e.traceparent, e.versions, e.received_at, e.steps, c.request`, [now, limit])
    return rows.sort((a, b) => (a.case_id < b.case_id ? -1 : a.case_id > b.case_id ? 1 : Number(a.seq) - Number(b.seq))).map(r => requestEnvelope({
      id: r.id, exchange: r.exchange, caseId: r.case_id, key: r.key, seq: Number(r.seq), attempt: r.attempt, traceparent: r.traceparent, versions: JSON.parse(r.versions), receivedAt: r.received_at, steps: (JSON.parse(r.steps) as Step[]).slice(0, 1),
    }, this.sealer.open(r.request, `${r.id}/request`)))
  }

  async final(ids: readonly string[]): Promise<string[]> {
    return (await this.pool.query(`SELECT id FROM exchange WHERE id = ANY($1::uuid[]) AND state NOT IN ('OPEN', 'BLOCKED')`, [ids])).rows.map(r => r.id)
  }

  /** How far an open journey has come, as a service that sent again reports. */
  async progress(id: string, steps: readonly Step[]): Promise<void> {
    await this.pool.query(`UPDATE exchange SET steps = $2 WHERE id = $1 AND state = 'OPEN' AND length(steps) < length($2)`, [id, JSON.stringify(steps)])
  }

  async drain(): Promise<void> { await this.intake.drain(); await this.outcome.drain() }

  #ended(endings: readonly Ending[], at: string): void {
    for (const ending of endings) {
      this.endedCounts[ending.state] = (this.endedCounts[ending.state] ?? 0) + 1
      const intake = this.#open.get(ending.id)
      const waiters = this.#waiters.get(ending.id)
      if (intake && waiters) this.#keep(intake, ending, at)
      this.#over(ending.id)
    }
  }

  /** It is final: whoever waits looks. */
  #over(id: string): void {
    this.#open.delete(id)
    this.#seqs.delete(id)
    const waiters = this.#waiters.get(id)
    this.#waiters.delete(id)
    for (const w of waiters ?? []) w()
  }

  #keep(i: Intake, e: Ending, at: string): void {
    const record: ExchangeRecord = {
      id: i.id, exchange: i.exchange, participantId: i.participantId, province: i.province, caseId: i.caseId, seq: this.#seqs.get(i.id) ?? i.seq ?? 1, state: e.state, partial: e.partial, targets: i.targets,
      purpose: i.purpose, receivedAt: i.receivedAt.toISOString(), finishedAt: at, attempt: 0, versions: i.versions, traceparent: i.traceparent, digest: i.digest, steps: e.steps, faults: e.faults, replySchema: e.schema,
    }
    this.#recent.set(i.id, { record, reply: e.schema === undefined ? undefined : { schema: e.schema, canonical: e.reply } })
    if (this.#recent.size > 1000) this.#recent.delete(this.#recent.keys().next().value!)
  }

  #told(id: string, ms: number): Promise<void> {
    return new Promise(ok => {
      const timer = setTimeout(() => { this.#waiters.set(id, (this.#waiters.get(id) ?? []).filter(w => w !== done)); if (!this.#waiters.get(id)?.length) this.#waiters.delete(id); ok() }, ms)
      const done = (): void => { clearTimeout(timer); ok() }
      this.#waiters.set(id, [...(this.#waiters.get(id) ?? []), done])
    })
  }
}

const RECORD = `SELECT id, exchange, participant_id, province, case_id, seq, state, partial, targets, purpose, received_at, finished_at, attempt, versions, traceparent, digest, steps, faults, reply_schema FROM exchange`
const recordOf = (r: Record<string, never>): ExchangeRecord => {
  const row = r as unknown as Record<string, string> & { received_at: Date; finished_at: Date | null; partial: boolean; attempt: number }
  return {
    id: row.id!, exchange: row.exchange!, participantId: row.participant_id!, province: row.province!, caseId: row.case_id!, seq: Number(row.seq), state: row.state as ExchangeState, partial: row.partial,
    targets: row.targets ? row.targets.split(',') : [], purpose: row.purpose!, receivedAt: row.received_at.toISOString(), finishedAt: row.finished_at?.toISOString(), attempt: row.attempt,
    versions: JSON.parse(row.versions!), traceparent: row.traceparent!, digest: row.digest!, steps: JSON.parse(row.steps!), faults: JSON.parse(row.faults!), replySchema: row.reply_schema ?? undefined,
  }
}
