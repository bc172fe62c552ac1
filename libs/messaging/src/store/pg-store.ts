import type { Pool } from 'pg'
import type { EvidenceRow, Sealer } from '#security'
import type { Envelope } from '../message.js'
import { BinaryColumn, evidenceValues, insertEvidence, jsonLines } from './columns.js'
import { KnownMessage, StaleState, type Commit, type DeadLetter, type Held, type ParkedMessage, type PendingEffect, type Store, type StoredCase } from './store.js'

/** What every batch may hold. */
const COMMIT = `WITH
i AS (INSERT INTO inbox (id) SELECT unnest($1::uuid[])),
c AS (INSERT INTO cases AS o (case_id, kind, state, version, last_seq, held, parked, data, due_at)
  SELECT v.a, v.b, v.c, v.d, v.e, v.f, v.g, substring($10::bytea from v.h for v.i), v.j
  FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::int[], $9::int[], $11::int[], $12::timestamptz[]) AS v(a, b, c, d, e, f, g, h, i, j)
  ON CONFLICT (case_id) DO UPDATE SET kind = excluded.kind, state = excluded.state, version = excluded.version, last_seq = excluded.last_seq,
    held = excluded.held, parked = excluded.parked, data = excluded.data, due_at = excluded.due_at, updated_at = now()
  WHERE o.version = excluded.version - 1 RETURNING 1),
o AS (INSERT INTO outbox (id, exchange_id, topic, key, headers, body)
  SELECT v.a, v.b, v.c, v.d, v.e, substring($18::bytea from v.f for v.g)
  FROM unnest($13::uuid[], $14::uuid[], $15::text[], $16::text[], string_to_array($17::text, E'\\n'), $19::int[], $20::int[]) WITH ORDINALITY AS v(a, b, c, d, e, f, g, ord) WHERE v.a IS NOT NULL ORDER BY v.ord),
d AS (INSERT INTO document (id, exchange_id, case_id, kind, body)
  SELECT v.a, v.b, v.c, v.d, substring($26::bytea from v.e for v.f) FROM unnest($22::uuid[], $23::uuid[], $24::text[], $25::text[], $27::int[], $28::int[]) AS v(a, b, c, d, e, f)),
f AS (INSERT INTO effect (id, exchange_id, case_id, lane, key, what, deadline, context, input)
  SELECT v.a, v.b, v.c, v.d, v.e, v.f, v.g, v.h, substring($37::bytea from v.i for v.j)
  FROM unnest($29::uuid[], $30::uuid[], $31::text[], $32::text[], $33::text[], $34::text[], $35::timestamptz[], string_to_array($36::text, E'\\n'), $38::int[], $39::int[]) WITH ORDINALITY AS v(a, b, c, d, e, f, g, h, i, j, ord) WHERE v.a IS NOT NULL ORDER BY v.ord),
x AS (DELETE FROM effect WHERE id = ANY($40::uuid[])),
e AS (${insertEvidence(41)})
SELECT must_be('case', (SELECT count(*) FROM c), $21)`

/** What only a batch with trouble holds. */
const TROUBLE = `WITH
p AS (INSERT INTO parked (id, exchange_id, case_id, seq, reason, due_at, attempt, envelope)
  SELECT v.a, v.b, v.c, v.d, v.e, v.f, v.g, substring($8::bytea from v.h for v.i)
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[], $7::int[], $9::int[], $10::int[]) WITH ORDINALITY AS v(a, b, c, d, e, f, g, h, i, ord) ORDER BY v.ord),
l AS (INSERT INTO dead_letter (id, exchange_id, case_id, type, code, faults, digest, envelope, status)
  SELECT v.a, v.b, v.c, v.d, v.e, v.f::jsonb, v.g, substring($18::bytea from v.h for v.i), 'OPEN'
  FROM unnest($11::uuid[], $12::uuid[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $19::int[], $20::int[]) AS v(a, b, c, d, e, f, g, h, i)
  ON CONFLICT (id) DO UPDATE SET code = excluded.code, faults = excluded.faults, status = 'OPEN', settled_at = NULL),
s AS (UPDATE dead_letter SET status = 'REPLAYED', settled_at = now() WHERE id = ANY($21::uuid[]) RETURNING 1)
SELECT must_be('dead letter', (SELECT count(*) FROM s), $22)`

const envelopeText = (e: Envelope): string => JSON.stringify({ ...e, body: e.body.toString('base64') })
const date = (d: Date | null | undefined): string | null => d ? d.toISOString() : null

/** The store on PostgreSQL: one statement per batch, hot columns as arrays. Reads find the service's schema by search_path. */
export class PgStore implements Store {
  constructor(private readonly pool: Pool, private readonly sealer: Sealer) {}

  async commit(c: Commit): Promise<void> {
    const main = this.#main(c)
    const trouble = c.park.length > 0 || c.unpark.length > 0 || c.deadLetters.length > 0 || c.settledDeadLetters.length > 0
    try {
      if (trouble) await this.#inTransaction(c, main)
      else await this.pool.query({ name: 'commit', text: COMMIT, values: main })
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string }
      if (code === '23505' && constraint === 'inbox_pkey') throw new KnownMessage()
      // another writer of the same case, chain, parked message or effect
      if (code === '40001' || code === '23505') throw new StaleState((error as Error).message)
      throw error
    }
  }

  async #inTransaction(c: Commit, main: unknown[]): Promise<void> {
    const client = await this.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query({ name: 'commit', text: COMMIT, values: main })
      // before anything is parked, because a message may be taken out and put back with a later due time
      if (c.unpark.length) await client.query(`WITH u AS (DELETE FROM parked WHERE id = ANY($1::uuid[]) RETURNING 1) SELECT must_be('parked message', (SELECT count(*) FROM u), $2)`, [c.unpark, c.unpark.length])
      await client.query({ name: 'trouble', text: TROUBLE, values: this.#trouble(c) })
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      throw error
    } finally {
      client.release()
    }
  }

  #main(c: Commit): unknown[] {
    const { cases, outbox, evidence, documents, effects } = c
    const data = this.#sealed(cases, k => [JSON.stringify(k.data ?? null), k.caseId])
    const bodies = this.#sealed(outbox, o => [o.body, o.headers.ce_id!])
    const papers = this.#sealed(documents, d => [JSON.stringify(d.body), d.id])
    const inputs = this.#sealed(effects, e => [JSON.stringify(e.input ?? null), e.id])
    return [
      c.inbox,
      cases.map(k => k.caseId), cases.map(k => k.kind), cases.map(k => k.state), cases.map(k => k.version), cases.map(k => k.lastSeq), cases.map(k => k.held), cases.map(k => k.parked),
      data.from, data.bytes(), data.size, cases.map(k => date(k.dueAt)),
      outbox.map(o => o.headers.ce_id), outbox.map(o => o.headers.tq_exchange), outbox.map(o => o.topic), outbox.map(o => o.key), jsonLines(outbox.map(o => JSON.stringify(o.headers))),
      bodies.bytes(), bodies.from, bodies.size,
      cases.length,
      documents.map(d => d.id), documents.map(d => d.exchangeId), documents.map(d => d.caseId), documents.map(d => d.kind), papers.bytes(), papers.from, papers.size,
      effects.map(e => e.id), effects.map(e => e.exchangeId), effects.map(e => e.caseId), effects.map(e => e.lane), effects.map(e => e.key), effects.map(e => e.what),
      effects.map(e => e.deadline ?? null), jsonLines(effects.map(e => JSON.stringify({ traceparent: e.traceparent, trail: e.trail }))), inputs.bytes(), inputs.from, inputs.size,
      c.doneEffects,
      ...evidenceValues(evidence),
    ]
  }

  #trouble(c: Commit): unknown[] {
    const { park, deadLetters } = c
    const parked = this.#sealed(park, p => [envelopeText(p.envelope), p.id])
    const letters = this.#sealed(deadLetters, l => [envelopeText(l.envelope), l.id])
    return [
      park.map(p => p.id), park.map(p => p.exchangeId), park.map(p => p.caseId), park.map(p => p.seq ?? null), park.map(p => p.reason), park.map(p => date(p.dueAt)), park.map(p => p.attempt),
      parked.bytes(), parked.from, parked.size,
      deadLetters.map(l => l.id), deadLetters.map(l => l.exchangeId), deadLetters.map(l => l.caseId), deadLetters.map(l => l.type), deadLetters.map(l => l.code),
      deadLetters.map(l => JSON.stringify(l.faults)), deadLetters.map(l => l.digest), letters.bytes(), letters.from, letters.size,
      c.settledDeadLetters, c.settledDeadLetters.length,
    ]
  }

  #sealed<T>(list: readonly T[], part: (item: T) => [body: Buffer | string, about: string]): BinaryColumn {
    const blob = new BinaryColumn()
    for (const item of list) blob.add(this.sealer.seal(...part(item)))
    return blob
  }

  async cases(ids: readonly string[]): Promise<StoredCase[]> {
    const { rows } = await this.pool.query({ name: 'cases', text: 'SELECT case_id, kind, state, version, last_seq, held, parked, data, due_at FROM cases WHERE case_id = ANY($1)', values: [ids] })
    return rows.map(r => ({
      caseId: r.case_id, kind: r.kind, state: r.state, version: Number(r.version), lastSeq: Number(r.last_seq), held: r.held as Held | null, parked: r.parked,
      data: JSON.parse(this.sealer.open(r.data, r.case_id).toString()), dueAt: r.due_at,
    }))
  }

  async known(ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pool.query({ name: 'known', text: 'SELECT id FROM inbox WHERE id = ANY($1::uuid[])', values: [ids] })
    return new Set(rows.map(r => r.id as string))
  }

  async outputs(exchangeIds: readonly string[]): Promise<Envelope[]> {
    const { rows } = await this.pool.query('SELECT id, topic, key, headers, body FROM outbox WHERE exchange_id = ANY($1::uuid[]) ORDER BY n', [exchangeIds])
    return rows.map(r => this.#envelope(r))
  }

  async leftovers(afterN: bigint, limit: number): Promise<{ envelopes: Envelope[]; lastN: bigint }> {
    const { rows } = await this.pool.query('SELECT n, id, topic, key, headers, body FROM outbox WHERE n > $1 ORDER BY n LIMIT $2', [String(afterN), limit])
    return { envelopes: rows.map(r => this.#envelope(r)), lastN: rows.length ? BigInt(rows.at(-1).n) : afterN }
  }

  async pendingEffects(): Promise<PendingEffect[]> {
    const { rows } = await this.pool.query('SELECT id, exchange_id, case_id, lane, key, what, deadline, context, input FROM effect ORDER BY n')
    return rows.map(r => {
      const context = JSON.parse(r.context) as Pick<PendingEffect, 'traceparent' | 'trail'>
      return {
        id: r.id, exchangeId: r.exchange_id, caseId: r.case_id, lane: r.lane, key: r.key, what: r.what, deadline: r.deadline?.toISOString(), ...context,
        input: JSON.parse(this.sealer.open(r.input, r.id).toString()), resumed: true, attempt: 1,
      }
    })
  }

  async dueCases(now: Date, limit: number): Promise<{ caseId: string; dueAt: Date }[]> {
    const { rows } = await this.pool.query({ name: 'due', text: `SELECT case_id, due_at FROM cases WHERE due_at <= $1 AND (held IS NULL OR held = 'gap') ORDER BY due_at LIMIT $2`, values: [now, limit] })
    return rows.map(r => ({ caseId: r.case_id, dueAt: r.due_at }))
  }

  async dueParked(now: Date, limit: number): Promise<ParkedMessage[]> {
    const { rows } = await this.pool.query({ name: 'due-parked', text: 'SELECT * FROM parked WHERE due_at <= $1 ORDER BY n LIMIT $2', values: [now, limit] })
    return rows.map(r => this.#parked(r))
  }

  async parkedOf(caseId: string, limit: number): Promise<ParkedMessage[]> {
    const { rows } = await this.pool.query('SELECT * FROM parked WHERE case_id = $1 ORDER BY seq NULLS LAST, n LIMIT $2', [caseId, limit])
    return rows.map(r => this.#parked(r))
  }

  async stillParked(ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.pool.query('SELECT id FROM parked WHERE id = ANY($1::uuid[])', [ids])
    return new Set(rows.map(r => r.id as string))
  }

  async heldCases(): Promise<string[]> {
    return (await this.pool.query({ name: 'held', text: 'SELECT case_id FROM cases WHERE held IS NOT NULL' })).rows.map(r => r.case_id)
  }

  async drainingCases(): Promise<string[]> {
    const { rows } = await this.pool.query(`SELECT case_id FROM cases WHERE held = 'draining'`)
    return rows.map(r => r.case_id)
  }

  async deadLetter(id: string): Promise<DeadLetter | undefined> {
    const { rows: [r] } = await this.pool.query('SELECT * FROM dead_letter WHERE id = $1', [id])
    return r && { id: r.id, exchangeId: r.exchange_id, caseId: r.case_id, type: r.type, code: r.code, faults: r.faults, digest: r.digest, status: r.status, envelope: this.#openEnvelope(r.envelope, r.id) }
  }

  async openExchanges(olderThan: Date, limit: number): Promise<string[]> {
    const { rows } = await this.pool.query('SELECT exchange_id FROM (SELECT exchange_id, n FROM outbox WHERE at < $1 ORDER BY n LIMIT $2) o GROUP BY 1', [olderThan, limit])
    return rows.map(r => r.exchange_id)
  }

  async forget(exchangeIds: readonly string[]): Promise<void> {
    await this.pool.query('DELETE FROM outbox WHERE exchange_id = ANY($1::uuid[])', [exchangeIds])
  }

  async trimInbox(olderThan: Date): Promise<void> { await this.pool.query('DELETE FROM inbox WHERE at < $1', [olderThan]) }

  async chainEnd(chain: string): Promise<{ n: number; head: string } | undefined> {
    const { rows: [r] } = await this.pool.query('SELECT n, hash FROM evidence WHERE chain = $1 ORDER BY n DESC LIMIT 1', [chain])
    return r && { n: Number(r.n), head: r.hash }
  }

  async evidenceAfter(chain: string, n: number, limit: number): Promise<EvidenceRow[]> {
    const { rows } = await this.pool.query('SELECT * FROM evidence WHERE chain = $1 AND n > $2 ORDER BY n LIMIT $3', [chain, n, limit])
    return rows.map(r => ({ chain: r.chain, n: Number(r.n), exchangeId: r.exchange_id, caseId: r.case_id, what: r.what, digest: r.digest, detail: r.detail, at: r.at.toISOString(), prev: r.prev, hash: r.hash }))
  }

  async chains(): Promise<string[]> {
    // one step per chain along the primary key instead of a scan of the table
    return (await this.pool.query(`WITH RECURSIVE c AS (SELECT min(chain) AS chain FROM evidence UNION ALL SELECT (SELECT min(e.chain) FROM evidence e WHERE e.chain > c.chain) FROM c WHERE c.chain IS NOT NULL)
      SELECT chain FROM c WHERE chain IS NOT NULL`)).rows.map(r => r.chain)
  }

  #envelope(r: { id: string; topic: string; key: string; headers: string; body: Buffer }): Envelope {
    return { topic: r.topic, key: r.key, headers: JSON.parse(r.headers), body: this.sealer.open(r.body, r.id) }
  }
  #openEnvelope(sealed: Buffer, about: string): Envelope {
    const e = JSON.parse(this.sealer.open(sealed, about).toString())
    return { ...e, body: Buffer.from(e.body, 'base64') }
  }
  #parked(r: Record<string, never> & { id: string; envelope: Buffer }): ParkedMessage {
    const row = r as Record<string, unknown>
    return {
      id: r.id, exchangeId: row.exchange_id as string, caseId: row.case_id as string, seq: row.seq === null ? undefined : Number(row.seq), reason: row.reason as Held,
      dueAt: row.due_at as Date | null, attempt: row.attempt as number, envelope: this.#openEnvelope(r.envelope, r.id),
    }
  }
}
