import type { Pool } from 'pg'
import { fault, type Clock, type Fault } from '#kernel'
import { Batcher, BinaryColumn, evidenceValues, insertEvidence, jsonLines, type AccessNoticeBody, type DeadLetterNotice, type Message, type ResultBody, type Step } from '#messaging'
import { sha256Hex, type EvidenceChain, type NewEvidence, type Sealer } from '#security'
import type { ExchangeState } from '../exchanges/exchange-store.js'

const FINISH = `WITH
f AS (UPDATE exchange e SET state = v.state, partial = v.partial, finished_at = $10::timestamptz, steps = v.steps, faults = v.faults, reply_schema = v.schema, reply = CASE WHEN v.l = 0 THEN NULL ELSE substring($7::bytea from v.o for v.l) END
  FROM unnest($1::uuid[], $2::text[], $3::boolean[], string_to_array($4::text, E'\\n'), string_to_array($5::text, E'\\n'), $6::text[], $8::int[], $9::int[]) AS v(id, state, partial, steps, faults, schema, o, l)
  WHERE e.id = v.id AND e.state IN ('OPEN', 'BLOCKED') RETURNING 1),
n AS (INSERT INTO access_notice (id, person_key, exchange_id, exchange, organization_code, organization_name, purpose, provinces, what, at)
  SELECT * FROM unnest($12::uuid[], $13::text[], $14::uuid[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::timestamptz[]) ON CONFLICT DO NOTHING),
ev AS (${insertEvidence(22)})
SELECT must_be('exchange', (SELECT count(*) FROM f), $11)`

/** How one exchange ends. */
export interface Ending {
  readonly id: string
  readonly caseId: string
  readonly state: Exclude<ExchangeState, 'OPEN' | 'BLOCKED'>
  readonly partial: boolean
  readonly faults: readonly Fault[]
  readonly schema?: string
  readonly reply?: unknown
  readonly steps: readonly Step[]
  /** Hex SHA-256 of the canonical reply. */
  readonly digest: string
}

type Entry = { readonly kind: 'ending'; readonly ending: Ending } | { readonly kind: 'notice'; readonly id: string; readonly exchangeId: string; readonly notice: AccessNoticeBody }

export const endingOf = (m: Message, now: Date): Ending => {
  const body = JSON.parse(m.body.toString()) as ResultBody
  const step: Step = { by: 'gateway', what: 'finished', at: now.toISOString(), ms: Math.max(0, now.getTime() - Date.parse(m.time)) }
  return {
    id: m.exchangeId, caseId: m.caseId, state: body.state, partial: body.partial, faults: body.faults ?? [], schema: body.schema, reply: body.result,
    steps: [...m.trail, step], digest: sha256Hex(m.body),
  }
}

/** Writes how exchanges end, each once: the first ending counts, a repeat changes nothing, a late one is logged. */
export class OutcomeLane {
  readonly #batcher: Batcher<Entry>

  constructor(private readonly pool: Pool, private readonly sealer: Sealer, private readonly clock: Clock, private readonly chain: EvidenceChain, private readonly ended: (endings: readonly Ending[], at: string, before: readonly string[]) => void) {
    this.#batcher = new Batcher(entries => this.#flush(entries))
  }

  async end(ending: Ending): Promise<void> { await this.#batcher.push({ kind: 'ending', ending }) }
  async notice(m: Message): Promise<void> { await this.#batcher.push({ kind: 'notice', id: m.id, exchangeId: m.exchangeId, notice: JSON.parse(m.body.toString()) as AccessNoticeBody }) }
  async drain(): Promise<void> { await this.#batcher.drain() }

  /** Ends what is past its deadline; returns how many. */
  async expire(now: Date): Promise<number> {
    const { rows } = await this.pool.query(`SELECT id, case_id, steps FROM exchange WHERE state = 'OPEN' AND deadline_at <= $1 ORDER BY deadline_at LIMIT 500`, [now])
    await Promise.all(rows.map(r => this.end({
      id: r.id, caseId: r.case_id, state: 'EXPIRED', partial: false, faults: [fault('EXCHANGE_EXPIRED', '')], digest: sha256Hex(''),
      steps: [...JSON.parse(r.steps) as Step[], { by: 'gateway', what: 'expired', at: now.toISOString(), ms: 0 }],
    })))
    return rows.length
  }

  async #flush(entries: Entry[]): Promise<void> {
    const notices = entries.filter(e => e.kind === 'notice')
    for (let round = 1; ; round++) {
      const endings = new Map<string, Ending>()
      for (const e of entries) if (e.kind === 'ending' && !endings.has(e.ending.id)) endings.set(e.ending.id, e.ending)
      const before = round > 1 ? await this.#takeOut(endings) : []
      try {
        this.ended([...endings.values()], await this.#write([...endings.values()], notices), before)
        return
      } catch (error) {
        const { code } = error as { code?: string }
        // one of them has ended before, or our chain's place was taken: look, and write the rest
        if ((code !== '40001' && code !== '23505') || round >= 5) throw error
        const { rows: [end] } = await this.pool.query('SELECT n, hash FROM evidence WHERE chain = $1 ORDER BY n DESC LIMIT 1', [this.chain.name])
        if (end) this.chain.adopt([{ n: Number(end.n), hash: end.hash } as never])
      }
    }
  }

  /** Takes out those that have ended before; also the ones of our own write whose answer was lost. */
  async #takeOut(endings: Map<string, Ending>): Promise<string[]> {
    const { rows } = await this.pool.query(`SELECT id FROM exchange WHERE id = ANY($1::uuid[]) AND state IN ('OPEN', 'BLOCKED')`, [[...endings.keys()]])
    const open = new Set(rows.map(r => r.id as string))
    const before = [...endings.keys()].filter(id => !open.has(id))
    for (const id of before) endings.delete(id)
    return before
  }

  async #write(endings: readonly Ending[], notices: readonly Extract<Entry, { kind: 'notice' }>[]): Promise<string> {
    const at = this.clock.now().toISOString()
    const replies = new BinaryColumn()
    for (const e of endings) replies.add(e.reply === undefined ? Buffer.alloc(0) : this.sealer.seal(JSON.stringify(e.reply), `${e.id}/reply`))
    const facts: NewEvidence[] = endings.map(e => ({ exchangeId: e.id, caseId: e.caseId, what: 'ended', digest: e.digest, at, detail: { state: e.state, partial: e.partial } }))
    const evidence = this.chain.draw(facts)
    await this.pool.query({
      name: 'finish', text: FINISH, values: [
        endings.map(e => e.id), endings.map(e => e.state), endings.map(e => e.partial), jsonLines(endings.map(e => JSON.stringify(e.steps))), jsonLines(endings.map(e => JSON.stringify(e.faults))), endings.map(e => e.schema ?? null),
        replies.bytes(), replies.from, replies.size, at, endings.length,
        notices.map(n => n.id), notices.map(n => n.notice.personKey), notices.map(n => n.exchangeId), notices.map(n => n.notice.exchange), notices.map(n => n.notice.organization.code), notices.map(n => n.notice.organization.name),
        notices.map(n => n.notice.purpose), notices.map(n => n.notice.provinces.join(',')), notices.map(n => n.notice.what), notices.map(n => n.notice.at),
        ...evidenceValues(evidence),
      ],
    })
    this.chain.adopt(evidence)
    return at
  }
}

/** Takes a dead letter's report into the record: the exchange waits for the operator, or goes on. */
export async function recordDeadLetter(pool: Pool, notice: DeadLetterNotice): Promise<void> {
  await pool.query(`WITH d AS (
      INSERT INTO dead_letter_notice AS n (id, service, type, code, faults, digest, exchange_id, case_id, status, at, settled_at)
      VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, CASE WHEN $9 = 'REPLAYED' THEN $10::timestamptz END)
      ON CONFLICT (id) DO UPDATE SET status = excluded.status, settled_at = excluded.settled_at,
        code = CASE WHEN excluded.status = 'OPEN' THEN excluded.code ELSE n.code END, faults = CASE WHEN excluded.status = 'OPEN' THEN excluded.faults ELSE n.faults END)
    UPDATE exchange SET state = CASE WHEN $9 = 'OPEN' THEN 'BLOCKED' ELSE 'OPEN' END WHERE id = $7 AND state = CASE WHEN $9 = 'OPEN' THEN 'OPEN' ELSE 'BLOCKED' END`,
  [notice.id, notice.service, notice.type, notice.code, JSON.stringify(notice.faults), notice.digest, notice.exchangeId, notice.caseId, notice.status, notice.at])
}
