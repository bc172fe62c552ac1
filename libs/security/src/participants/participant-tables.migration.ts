import type { MigrationInterface, QueryRunner } from 'typeorm'

export class ParticipantTables1763900002000 implements MigrationInterface {
  name = 'ParticipantTables1763900002000'

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE participant (
        id text PRIMARY KEY, name_zh text NOT NULL, name_en text NOT NULL, province text, organization_code text NOT NULL,
        role text NOT NULL CHECK (role IN ('asker', 'holder', 'both', 'operator')), active boolean NOT NULL,
        CHECK (province IS NOT NULL OR role = 'operator'));
      CREATE TABLE api_key (
        id text PRIMARY KEY, participant_id text NOT NULL REFERENCES participant, secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
        created_at timestamptz NOT NULL, expires_at timestamptz, revoked_at timestamptz);
      CREATE INDEX api_key_participant ON api_key (participant_id);
      CREATE TABLE exchange_right (
        participant_id text NOT NULL REFERENCES participant, exchange text NOT NULL, province text NOT NULL, purposes text[] NOT NULL,
        PRIMARY KEY (participant_id, exchange, province));`)
  }

  async down(q: QueryRunner): Promise<void> { await q.query('DROP TABLE exchange_right, api_key, participant') }
}
