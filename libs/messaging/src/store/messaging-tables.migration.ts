import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Sealed bytes cannot be compressed, and a body of ordinary size stays in its row instead of a table of its own. */
export const sealedInline = (table: string, columns: readonly string[]): string => `
      ALTER TABLE ${table} SET (toast_tuple_target = 8160);
      ${columns.map(c => `ALTER TABLE ${table} ALTER COLUMN ${c} SET STORAGE EXTERNAL;`).join(' ')}`

/**
 * The tables that every service owns in a schema of its own (found by the connection's search_path).
 * Bodies are sealed (libs/security/sealing.ts); what routers and operators need lies beside them in clear.
 */
export class MessagingTables1763900000000 implements MigrationInterface {
  name = 'MessagingTables1763900000000'

  async up(q: QueryRunner): Promise<void> {
    await q.query(`
      CREATE TABLE inbox (id uuid PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
      CREATE INDEX inbox_at ON inbox USING brin (at);

      CREATE TABLE outbox (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, exchange_id uuid NOT NULL, topic text NOT NULL, key text NOT NULL,
        headers text NOT NULL, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());
      CREATE INDEX outbox_exchange ON outbox (exchange_id);

      CREATE TABLE cases (
        case_id text PRIMARY KEY, kind text NOT NULL, state text NOT NULL, version bigint NOT NULL, last_seq bigint NOT NULL,
        held text, parked int NOT NULL DEFAULT 0, data bytea NOT NULL, due_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 50);
      CREATE INDEX cases_due ON cases (due_at) WHERE due_at IS NOT NULL;
      CREATE INDEX cases_held ON cases (case_id, held) WHERE held IS NOT NULL;

      CREATE TABLE parked (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL UNIQUE, exchange_id uuid NOT NULL, case_id text NOT NULL, seq bigint,
        reason text NOT NULL, due_at timestamptz, attempt int NOT NULL, envelope bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());
      CREATE INDEX parked_case ON parked (case_id, n);
      CREATE INDEX parked_due ON parked (due_at) WHERE due_at IS NOT NULL;

      CREATE TABLE dead_letter (
        id uuid PRIMARY KEY, exchange_id uuid NOT NULL, case_id text NOT NULL, type text NOT NULL, code text NOT NULL, faults jsonb NOT NULL,
        digest text NOT NULL, envelope bytea NOT NULL, status text NOT NULL, at timestamptz NOT NULL DEFAULT now(), settled_at timestamptz);

      CREATE TABLE evidence (
        chain text NOT NULL, n bigint NOT NULL, exchange_id uuid NOT NULL, case_id text NOT NULL, what text NOT NULL, digest text NOT NULL, detail text,
        at timestamptz(3) NOT NULL, prev text NOT NULL, hash text NOT NULL, PRIMARY KEY (chain, n));

      CREATE TABLE document (
        id uuid PRIMARY KEY, exchange_id uuid NOT NULL, case_id text NOT NULL, kind text NOT NULL, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());
      CREATE INDEX document_case ON document (case_id);

      CREATE TABLE effect (
        id uuid PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, exchange_id uuid NOT NULL, case_id text NOT NULL, lane text NOT NULL, key text NOT NULL,
        what text NOT NULL, deadline timestamptz, context text NOT NULL, input bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());

      ${[['outbox', 'body'], ['cases', 'data'], ['parked', 'envelope'], ['dead_letter', 'envelope'], ['document', 'body'], ['effect', 'input']].map(([table, column]) => sealedInline(table!, [column!])).join('')}
      CREATE FUNCTION must_be(what text, actual bigint, expected bigint) RETURNS bigint LANGUAGE plpgsql AS $f$
      BEGIN
        IF actual <> expected THEN RAISE EXCEPTION '% changed meanwhile', what USING ERRCODE = '40001'; END IF;
        RETURN actual;
      END $f$;`)
  }

  async down(q: QueryRunner): Promise<void> {
    await q.query('DROP TABLE inbox, outbox, cases, parked, dead_letter, evidence, document, effect; DROP FUNCTION must_be(text, bigint, bigint)')
  }
}
