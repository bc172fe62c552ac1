import type { MigrationInterface, QueryRunner } from 'typeorm'

/** What waits for pull provinces. `document` and `answer` are sealed. */
export class InboxTables1763900003000 implements MigrationInterface {
  name = 'InboxTables1763900003000'

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE inbox_item (
        id uuid PRIMARY KEY, province text NOT NULL, exchange text NOT NULL, content_type text NOT NULL, document bytea NOT NULL, received_at timestamptz NOT NULL,
        deadline timestamptz, acknowledged_at timestamptz, delivery jsonb NOT NULL, answer bytea, answered_at timestamptz);
      CREATE INDEX inbox_item_waiting ON inbox_item (province, received_at) WHERE acknowledged_at IS NULL AND answered_at IS NULL;`)
  }

  async down(q: QueryRunner): Promise<void> { await q.query('DROP TABLE inbox_item') }
}
