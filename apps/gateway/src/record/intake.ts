import type { Pool } from 'pg'
import type { Clock } from '#kernel'
import { Batcher, BinaryColumn, evidenceValues, insertEvidence, jsonLines, toEnvelope, type Envelope, type RequestBody, type Step } from '#messaging'
import { exchange, messageTypes, topics } from '#schemas'
import { EvidenceChain, type Sealer } from '#security'
import type { Accepted, Intake } from '../exchanges/exchange-store.js'

const INSERT = `WITH
v AS MATERIALIZED (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[],
    $12::int[], $13::int[], $14::int[], $15::int[], $16::text[], $17::text[], string_to_array($18::text, E'\\n'), $19::text[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[], string_to_array($23::text, E'\\n')) WITH ORDINALITY
  AS v(id, exchange, participant_id, province, case_id, key, seq, idempotency_key, digest, content_type, o, ol, r, rl, targets, purpose, versions, traceparent, received_at, emit_at, deadline_at, steps, ord)),
k AS (INSERT INTO case_counter AS c (case_id, participant_id, seq)
  SELECT case_id, min(participant_id), greatest(count(*) FILTER (WHERE seq IS NULL), max(seq)) FROM v GROUP BY case_id ORDER BY case_id
  ON CONFLICT (case_id) DO UPDATE SET seq = CASE WHEN (SELECT bool_and(v.seq IS NULL) FROM v WHERE v.case_id = c.case_id) THEN c.seq + excluded.seq ELSE greatest(c.seq, excluded.seq) END
  RETURNING case_id, seq),
e AS (INSERT INTO exchange (id, exchange, participant_id, province, case_id, key, seq, idempotency_key, digest, content_type, targets, purpose, versions, traceparent, received_at, emit_at, deadline_at, steps)
  SELECT v.id, v.exchange, v.participant_id, v.province, v.case_id, v.key,
    coalesce(v.seq, k.seq - count(*) OVER (PARTITION BY v.case_id) + row_number() OVER (PARTITION BY v.case_id ORDER BY v.ord)),
    v.idempotency_key, v.digest, v.content_type, v.targets, v.purpose, v.versions, v.traceparent, v.received_at, v.emit_at, v.deadline_at, v.steps
  FROM v JOIN k USING (case_id) ORDER BY v.ord RETURNING id, seq),
b AS (INSERT INTO exchange_content (id, original, request) SELECT v.id, substring($11::bytea from v.o for v.ol), substring($11::bytea from v.r for v.rl) FROM v),
ev AS (${insertEvidence(24)})
SELECT id, seq FROM e`

interface Entry { readonly intake: Intake; outcome?: Accepted }

/** Takes admitted documents into the record: one fsync for what gathered, then the request messages go out. */
export class IntakeLane {
  readonly #batcher: Batcher<Entry>
  /** Who opened a case; only for cases that senders name themselves. */
  readonly #owners = new Map<string, string>()

  constructor(private readonly pool: Pool, private readonly sealer: Sealer, private readonly clock: Clock, private readonly chain: EvidenceChain, private readonly emit: (requests: Envelope[]) => void) {
    this.#batcher = new Batcher(entries => this.#flush(entries))
  }

  async accept(given: Intake): Promise<Accepted> {
    // a sender may have put a person's number into its key: only its hash is kept
    const intake = given.idempotencyKey === undefined ? given : { ...given, idempotencyKey: this.sealer.keyedHash('idempotency', given.idempotencyKey) }
    const entry: Entry = { intake }
    await this.#batcher.push(entry)
    return entry.outcome!
  }

  get waiting(): number { return this.#batcher.size }
  async drain(): Promise<void> { await this.#batcher.drain() }

  async #flush(entries: Entry[]): Promise<void> {
    for (let round = 1; ; round++) {
      await this.#decideKnown(entries)
      const fresh = entries.filter(e => !e.outcome)
      if (!fresh.length) return
      try {
        const requests = await this.#insert(fresh.map(e => e.intake))
        fresh.forEach((e, n) => { e.outcome = { kind: 'accepted', id: e.intake.id, seq: Number(requests[n]!.headers.tq_seq) } })
        this.emit(requests)
        return
      } catch (error) {
        // somebody else took an idempotency key, a sequence number or our chain's place meanwhile: look again
        if ((error as { code?: string }).code !== '23505' || round >= 5) throw error
        const { rows: [end] } = await this.pool.query('SELECT n, hash FROM evidence WHERE chain = $1 ORDER BY n DESC LIMIT 1', [this.chain.name])
        if (end) this.chain.adopt([{ n: Number(end.n), hash: end.hash } as never])
      }
    }
  }

  /** Finds repeats, foreign cases and used sequence numbers, in the database and within the batch itself. */
  async #decideKnown(entries: readonly Entry[]): Promise<void> {
    await this.#repeats(entries.filter(e => !e.outcome && e.intake.idempotencyKey !== undefined))
    await this.#foreign(entries.filter(e => !e.outcome && e.intake.caseId !== e.intake.id))
    await this.#numbered(entries.filter(e => !e.outcome && e.intake.seq !== undefined))
  }

  async #repeats(keyed: readonly Entry[]): Promise<void> {
    if (!keyed.length) return
    const { rows } = await this.pool.query({
      name: 'repeats', text: 'SELECT e.id, e.participant_id, e.idempotency_key, e.digest FROM unnest($1::text[], $2::text[]) AS v(p, k) JOIN exchange e ON e.participant_id = v.p AND e.idempotency_key = v.k',
      values: [keyed.map(e => e.intake.participantId), keyed.map(e => e.intake.idempotencyKey)],
    })
    const seen = new Map<string, { id: string; digest: string }>(rows.map(r => [`${r.participant_id}\0${r.idempotency_key}`, { id: r.id, digest: r.digest }]))
    for (const e of keyed) {
      const key = `${e.intake.participantId}\0${e.intake.idempotencyKey}`
      const before = seen.get(key)
      if (!before) seen.set(key, { id: e.intake.id, digest: e.intake.digest })
      else e.outcome = before.digest === e.intake.digest ? { kind: 'replayed', id: before.id } : { kind: 'conflict' }
    }
  }

  async #foreign(named: readonly Entry[]): Promise<void> {
    const unknown = [...new Set(named.map(e => e.intake.caseId))].filter(id => !this.#owners.has(id))
    if (unknown.length) {
      const { rows } = await this.pool.query({ name: 'owners', text: 'SELECT case_id, participant_id FROM case_counter WHERE case_id = ANY($1)', values: [unknown] })
      for (const r of rows) this.#owners.set(r.case_id, r.participant_id)
    }
    for (const e of named) {
      const owner = this.#owners.get(e.intake.caseId)
      if (owner === undefined) this.#owners.set(e.intake.caseId, e.intake.participantId)
      else if (owner !== e.intake.participantId) e.outcome = { kind: 'foreign-case' }
    }
    while (this.#owners.size > 50_000) this.#owners.delete(this.#owners.keys().next().value!)
  }

  async #numbered(numbered: readonly Entry[]): Promise<void> {
    if (!numbered.length) return
    const { rows } = await this.pool.query({
      name: 'numbered', text: 'SELECT e.case_id, e.seq FROM unnest($1::text[], $2::bigint[]) AS v(c, s) JOIN exchange e ON e.case_id = v.c AND e.seq = v.s',
      values: [numbered.map(e => e.intake.caseId), numbered.map(e => e.intake.seq)],
    })
    const taken = new Set(rows.map(r => `${r.case_id}\0${r.seq}`))
    for (const e of numbered) {
      const place = `${e.intake.caseId}\0${e.intake.seq}`
      if (taken.has(place)) e.outcome = { kind: 'sequence-taken' }
      taken.add(place)
    }
  }

  async #insert(list: readonly Intake[]): Promise<Envelope[]> {
    const now = this.clock.now()
    const bodies = new BinaryColumn()
    const requests = list.map(i => Buffer.from(JSON.stringify({ request: i.canonical, sender: { participantId: i.participantId, province: i.province, organizationCode: i.organizationCode }, targets: i.targets } satisfies RequestBody)))
    for (const i of list) bodies.add(this.sealer.seal(i.original, `${i.id}/original`))
    list.forEach((i, n) => bodies.add(this.sealer.seal(requests[n]!, `${i.id}/request`)))
    const size = list.length
    const steps = list.map((i): Step => ({ by: 'gateway', what: 'accepted', at: now.toISOString(), ms: now.getTime() - i.receivedAt.getTime(), versions: i.versions }))
    const evidence = this.chain.draw(list.map(i => ({ exchangeId: i.id, caseId: i.caseId, what: 'accepted', digest: i.digest, at: now.toISOString(), detail: { exchange: i.exchange, participant: i.participantId, purpose: i.purpose } })))
    const at = (i: Intake, ms: 'stepDeadlineMs' | 'deadlineMs'): string => new Date(now.getTime() + exchange(i.exchange)![ms]).toISOString()
    const { rows } = await this.pool.query({
      name: 'intake', text: INSERT, values: [
        list.map(i => i.id), list.map(i => i.exchange), list.map(i => i.participantId), list.map(i => i.province), list.map(i => i.caseId), list.map(i => i.key), list.map(i => i.seq ?? null),
        list.map(i => i.idempotencyKey ?? null), list.map(i => i.digest), list.map(i => i.contentType), bodies.bytes(), bodies.from.slice(0, size), bodies.size.slice(0, size), bodies.from.slice(size), bodies.size.slice(size),
        list.map(i => i.targets.join(',')), list.map(i => i.purpose), jsonLines(list.map(i => JSON.stringify(i.versions))), list.map(i => i.traceparent), list.map(i => i.receivedAt.toISOString()),
        list.map(i => at(i, 'stepDeadlineMs')), list.map(i => at(i, 'deadlineMs')), jsonLines(steps.map(s => JSON.stringify([s]))),
        ...evidenceValues(evidence),
      ],
    })
    this.chain.adopt(evidence)
    const seqs = new Map<string, number>(rows.map(r => [r.id, Number(r.seq)]))
    return list.map((i, n) => requestEnvelope({ ...i, seq: seqs.get(i.id)!, attempt: 0, steps: [steps[n]!] }, requests[n]!))
  }
}

export interface RequestParts {
  readonly id: string
  readonly exchange: string
  readonly caseId: string
  readonly key: string
  readonly seq: number
  readonly attempt: number
  readonly traceparent: string
  readonly versions: Readonly<Record<string, string>>
  readonly receivedAt: Date
  readonly steps: readonly Step[]
}

/** The request message of an exchange; the same whenever it is made, but for `attempt`. Its id is the exchange's. */
export function requestEnvelope(p: RequestParts, body: Buffer): Envelope {
  const definition = exchange(p.exchange)!
  return toEnvelope({
    id: p.id, type: messageTypes(definition).request, source: 'gateway', caseId: p.caseId, key: p.key, topic: topics.domain(definition.domain), exchangeId: p.id,
    time: p.receivedAt.toISOString(), seq: p.seq, attempt: p.attempt, traceparent: p.traceparent, versions: p.versions, trail: p.steps, body,
  })
}
