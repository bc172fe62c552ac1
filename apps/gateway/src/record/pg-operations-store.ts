import type { Pool } from 'pg'
import { newId, type Clock } from '#kernel'
import { operation } from '#messaging'
import { topics } from '#schemas'
import type { EvidenceRow } from '#security'
import type { ExchangeRecord, ExchangeState } from '../exchanges/exchange-store.js'
import type { AccessNoticeRecord, DeadLetterRecord, DeadLetterStatus, OperationsStore, OperatorAction } from '../operations/operations-store.js'
import type { GatewayRecord } from './gateway-record.js'

/** The operators' view of the record. Commands to services travel as messages, like everything between the parts. */
export class PgOperationsStore implements OperationsStore {
  constructor(private readonly pool: Pool, private readonly record: GatewayRecord, private readonly clock: Clock) {}

  async deadLetters(filter: { status?: DeadLetterStatus; limit: number }): Promise<DeadLetterRecord[]> {
    const { rows } = await this.pool.query('SELECT * FROM dead_letter_notice WHERE ($1::text IS NULL OR status = $1) ORDER BY at DESC LIMIT $2', [filter.status ?? null, filter.limit])
    return rows.map(deadLetterOf)
  }

  async deadLetter(id: string): Promise<DeadLetterRecord | undefined> {
    const { rows: [row] } = await this.pool.query('SELECT * FROM dead_letter_notice WHERE id = $1', [id])
    return row && deadLetterOf(row)
  }

  replay(letter: DeadLetterRecord, by: string): Promise<void> {
    this.record.emit([operation('ops.replay', 'gateway', topics.operations(letter.service), { deadLetterId: letter.id, by })])
    return Promise.resolve()
  }

  evidence(ms: number): Promise<{ missing: string[]; rows: AsyncIterable<EvidenceRow> }> { return this.record.evidence(ms) }

  async accessNotices(filter: { exchangeId?: string; personKey?: string; limit: number }): Promise<AccessNoticeRecord[]> {
    const { rows } = await this.pool.query('SELECT * FROM access_notice WHERE ($1::uuid IS NULL OR exchange_id = $1) AND ($2::text IS NULL OR person_key = $2) ORDER BY at DESC LIMIT $3', [filter.exchangeId ?? null, filter.personKey ?? null, filter.limit])
    return rows.map(r => ({
      id: r.id, personKey: r.person_key, exchangeId: r.exchange_id, exchange: r.exchange, organization: { code: r.organization_code, name: r.organization_name },
      purpose: r.purpose, provinces: r.provinces ? r.provinces.split(',') : [], what: r.what, at: r.at.toISOString(),
    }))
  }

  exchanges(filter: { state?: ExchangeState; caseId?: string; limit: number }): Promise<ExchangeRecord[]> { return this.record.store.list(filter) }
  ended(): Readonly<Partial<Record<ExchangeState, number>>> { return this.record.store.endedCounts }

  async audit(action: OperatorAction): Promise<void> {
    await this.pool.query('INSERT INTO operator_action (id, participant_id, action, target, detail, at) VALUES ($1, $2, $3, $4, $5::jsonb, $6)',
      [newId(), action.participantId, action.action, action.target, JSON.stringify(action.detail ?? {}), this.clock.now()])
  }
}

const deadLetterOf = (r: Record<string, never>): DeadLetterRecord => {
  const row = r as unknown as Record<string, string> & { at: Date; settled_at: Date | null; faults: DeadLetterRecord['faults'] }
  return {
    id: row.id!, service: row.service!, type: row.type!, code: row.code!, faults: row.faults, digest: row.digest!, exchangeId: row.exchange_id!, caseId: row.case_id!,
    status: row.status as DeadLetterStatus, at: row.at.toISOString(), settledAt: row.settled_at?.toISOString(),
  }
}
