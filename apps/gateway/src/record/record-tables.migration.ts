import type { MigrationInterface, QueryRunner } from 'typeorm'
import { sealedInline } from '#messaging'

/** The gateway's record: exchanges, the numbering of cases, and what services report. Bodies are sealed. */
export class RecordTables1763900001000 implements MigrationInterface {
  name = 'RecordTables1763900001000'

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE exchange (
        id uuid PRIMARY KEY, exchange text NOT NULL, participant_id text NOT NULL, province text NOT NULL, case_id text NOT NULL, key text NOT NULL, seq bigint NOT NULL,
        state text NOT NULL DEFAULT 'OPEN', partial boolean NOT NULL DEFAULT false, idempotency_key text, digest text NOT NULL, content_type text NOT NULL,
        targets text NOT NULL, purpose text NOT NULL, versions text NOT NULL, traceparent text NOT NULL,
        received_at timestamptz(3) NOT NULL, finished_at timestamptz(3), attempt int NOT NULL DEFAULT 0, emit_at timestamptz NOT NULL, deadline_at timestamptz NOT NULL,
        steps text NOT NULL, faults text NOT NULL DEFAULT '[]', reply_schema text, reply bytea);
      CREATE UNIQUE INDEX exchange_idempotency ON exchange (participant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
      CREATE UNIQUE INDEX exchange_case ON exchange (case_id, seq);
      CREATE INDEX exchange_emit ON exchange (emit_at) WHERE state = 'OPEN';
      -- apart, because the row beside it is written again when the exchange ends
      CREATE TABLE exchange_content (id uuid PRIMARY KEY, original bytea NOT NULL, request bytea NOT NULL);
      ${sealedInline('exchange', ['reply'])} ${sealedInline('exchange_content', ['original', 'request'])}

      CREATE TABLE case_counter (case_id text PRIMARY KEY, participant_id text NOT NULL, seq bigint NOT NULL) WITH (fillfactor = 50);

      CREATE TABLE dead_letter_notice (
        id uuid PRIMARY KEY, service text NOT NULL, type text NOT NULL, code text NOT NULL, faults jsonb NOT NULL, digest text NOT NULL,
        exchange_id uuid NOT NULL, case_id text NOT NULL, status text NOT NULL, at timestamptz NOT NULL, settled_at timestamptz);
      CREATE INDEX dead_letter_notice_at ON dead_letter_notice (status, at);

      CREATE TABLE access_notice (
        id uuid PRIMARY KEY, person_key text NOT NULL, exchange_id uuid NOT NULL, exchange text NOT NULL, organization_code text NOT NULL, organization_name text NOT NULL,
        purpose text NOT NULL, provinces text NOT NULL, what text NOT NULL, at timestamptz NOT NULL);
      CREATE INDEX access_notice_person ON access_notice (person_key, at);

      CREATE TABLE remote_evidence (
        chain text NOT NULL, n bigint NOT NULL, exchange_id uuid NOT NULL, case_id text NOT NULL, what text NOT NULL, digest text NOT NULL, detail text,
        at timestamptz(3) NOT NULL, prev text NOT NULL, hash text NOT NULL, PRIMARY KEY (chain, n));

      CREATE TABLE operator_action (
        id uuid PRIMARY KEY, participant_id text NOT NULL, action text NOT NULL, target text NOT NULL, detail jsonb NOT NULL DEFAULT '{}', at timestamptz NOT NULL DEFAULT now());`)
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE exchange, exchange_content, case_counter, dead_letter_notice, access_notice, remote_evidence, operator_action')
  }
}
