import type { EvidenceRow } from '#security'

/**
 * Sealed bodies travel to PostgreSQL as one binary parameter and two integer arrays, and are cut apart there: an array of bytea would be
 * sent as hexadecimal text.
 */
export class BinaryColumn {
  readonly #parts: Buffer[] = []
  #length = 0
  readonly from: number[] = []
  readonly size: number[] = []

  add(part: Buffer): void {
    this.#parts.push(part)
    this.from.push(this.#length + 1)
    this.size.push(part.length)
    this.#length += part.length
  }

  bytes(): Buffer { return Buffer.concat(this.#parts, this.#length) }
}

/** JSON texts as one parameter, cut apart by `string_to_array(…, E'\n')`: JSON never holds a raw line feed, and an array literal would escape every quote. */
export const jsonLines = (texts: readonly string[]): string => texts.join('\n')

/** Statement part that appends a chain's rows; its ten parameters begin at `$first`. `prev` follows from the row before. */
export const insertEvidence = (first: number): string => {
  const p = (i: number): string => `$${first + i}`
  return `INSERT INTO evidence (chain, n, exchange_id, case_id, what, digest, detail, at, prev, hash)
  SELECT ${p(0)}::text, ${p(1)}::bigint + v.ord - 1, v.a, v.b, v.c, v.d, nullif(v.e, ''), ${p(2)}::timestamptz, coalesce(lag(v.f) OVER (ORDER BY v.ord), ${p(3)}::text), v.f
  FROM unnest(${p(4)}::uuid[], ${p(5)}::text[], ${p(6)}::text[], ${p(7)}::text[], string_to_array(${p(8)}::text, E'\\n'), ${p(9)}::text[]) WITH ORDINALITY AS v(a, b, c, d, e, f, ord) WHERE v.a IS NOT NULL`
}
/** Its parameters; rows of one draw, whose instant is one. */
export const evidenceValues = (rows: readonly EvidenceRow[]): unknown[] => [
  rows[0]?.chain ?? null, rows[0]?.n ?? null, rows[0]?.at ?? null, rows[0]?.prev ?? null,
  rows.map(e => e.exchangeId), rows.map(e => e.caseId), rows.map(e => e.what), rows.map(e => e.digest), jsonLines(rows.map(e => e.detail ?? '')), rows.map(e => e.hash),
]
