import type { Pool } from 'pg'
import type { AnswerBody } from '#messaging'
import type { Sealer } from '#security'
import type { InboxAnswer, InboxItem, InboxStore } from './inbox-store.js'

interface Row {
  readonly id: string
  readonly province: string
  readonly exchange: string
  readonly content_type: string
  readonly document: Buffer
  readonly received_at: Date
  readonly deadline: Date | null
  readonly acknowledged_at: Date | null
  readonly delivery: InboxItem['delivery']
  readonly answer: Buffer | null
  readonly answered_at: Date | null
}

export class PgInboxStore implements InboxStore {
  constructor(private readonly pool: Pool, private readonly sealer: Sealer) {}

  async add(item: InboxItem): Promise<void> {
    await this.pool.query(
      'INSERT INTO inbox_item (id, province, exchange, content_type, document, received_at, deadline, delivery) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING',
      [item.id, item.province, item.exchange, item.contentType, this.sealer.seal(item.document, `${item.id}/document`), item.receivedAt, item.deadline ?? null, JSON.stringify(item.delivery)],
    )
  }

  async get(id: string): Promise<InboxItem | undefined> {
    const { rows } = await this.pool.query<Row>('SELECT * FROM inbox_item WHERE id = $1', [id])
    return rows[0] && this.#itemOf(rows[0])
  }

  async waiting(province: string, now: Date, limit: number): Promise<readonly InboxItem[]> {
    const { rows } = await this.pool.query<Row>(
      'SELECT * FROM inbox_item WHERE province = $1 AND acknowledged_at IS NULL AND answered_at IS NULL AND (deadline IS NULL OR deadline > $2) ORDER BY received_at, id LIMIT $3',
      [province, now, limit],
    )
    return rows.map(row => this.#itemOf(row))
  }

  async acknowledge(id: string, at: Date): Promise<void> {
    await this.pool.query('UPDATE inbox_item SET acknowledged_at = coalesce(acknowledged_at, $2) WHERE id = $1', [id, at])
  }

  async answer(id: string, answer: InboxAnswer): Promise<InboxAnswer> {
    await this.pool.query(
      'UPDATE inbox_item SET answer = $2, answered_at = $3 WHERE id = $1 AND answer IS NULL',
      [id, this.sealer.seal(JSON.stringify(answer.body), `${id}/answer`), answer.answeredAt],
    )
    return (await this.get(id))!.answer!
  }

  #itemOf(row: Row): InboxItem {
    return {
      id: row.id, province: row.province, exchange: row.exchange, contentType: row.content_type, document: this.sealer.open(row.document, `${row.id}/document`), receivedAt: row.received_at,
      deadline: row.deadline ?? undefined, acknowledgedAt: row.acknowledged_at ?? undefined, delivery: row.delivery,
      answer: row.answer && row.answered_at ? { body: JSON.parse(this.sealer.open(row.answer, `${row.id}/answer`).toString()) as AnswerBody, answeredAt: row.answered_at } : undefined,
    }
  }
}
