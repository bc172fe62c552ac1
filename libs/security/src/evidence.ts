import { hash } from 'node:crypto'

/**
 * One row of an evidence chain. `hash` = SHA-256 over the JSON text `[chain, n, exchangeId, caseId, what, digest, detail, at, prev]`
 * (detail: its own JSON text with sorted keys, or null), `prev` = the hash of row n − 1 (64 zeros before the first). Digests, never content.
 */
export interface EvidenceRow {
  /** One writer's chain, e.g. `medical-records#0`. */
  readonly chain: string
  /** 1, 2, 3 … without a gap. */
  readonly n: number
  readonly exchangeId: string
  readonly caseId: string
  readonly what: string
  /** Hex SHA-256 of the bytes that the row speaks of. */
  readonly digest: string
  readonly detail: string | null
  /** ISO 8601 UTC, milliseconds. */
  readonly at: string
  readonly prev: string
  readonly hash: string
}

export type NewEvidence = Pick<EvidenceRow, 'exchangeId' | 'caseId' | 'what' | 'digest' | 'at'> & { readonly detail?: Readonly<Record<string, string | number | boolean>> }

export const CHAIN_START = '0'.repeat(64)
export const sha256Hex = (bytes: Buffer | string): string => hash('sha256', bytes, 'hex')

/** JSON with the keys in order, so that the same content is the same text. */
const detailText = (detail: NewEvidence['detail']): string | null =>
  detail && Object.keys(detail).length ? JSON.stringify(Object.fromEntries(Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1)))) : null

export const evidenceHash = (row: Omit<EvidenceRow, 'hash'>): string =>
  sha256Hex(JSON.stringify([row.chain, row.n, row.exchangeId, row.caseId, row.what, row.digest, row.detail, row.at, row.prev]))

/** The end of one chain in memory. Its writer draws rows, writes them, and adopts the new end once they are committed. */
export class EvidenceChain {
  #n: number
  #head: string
  constructor(readonly name: string, n: number, head: string = CHAIN_START) { this.#n = n; this.#head = head }

  /** Rows as they would follow; nothing moves until `adopt`. */
  draw(facts: readonly NewEvidence[]): EvidenceRow[] {
    let n = this.#n
    let prev = this.#head
    return facts.map(f => {
      const row = { chain: this.name, n: ++n, exchangeId: f.exchangeId, caseId: f.caseId, what: f.what, digest: f.digest, detail: detailText(f.detail), at: f.at, prev }
      const full = { ...row, hash: evidenceHash(row) }
      prev = full.hash
      return full
    })
  }

  adopt(rows: readonly EvidenceRow[]): void {
    const last = rows.at(-1)
    if (last) { this.#n = last.n; this.#head = last.hash }
  }
}

export interface EvidenceFlaw { readonly chain: string; readonly n: number; readonly flaw: 'hash' | 'link' | 'gap' | 'duplicate' }
/** Checks chains of an export offline, rows in any order. An export may begin after row 1: then the first `prev` is taken on trust and reported in `from`. */
export function verifyChains(rows: Iterable<EvidenceRow>): { rows: number; chains: { chain: string; from: number; to: number; head: string }[]; flaws: EvidenceFlaw[] } {
  const byChain = new Map<string, EvidenceRow[]>()
  let count = 0
  for (const row of rows) { (byChain.get(row.chain) ?? byChain.set(row.chain, []).get(row.chain)!).push(row); count++ }
  const flaws: EvidenceFlaw[] = []
  const chains = [...byChain].map(([chain, list]) => {
    list.sort((a, b) => a.n - b.n)
    list.forEach((row, i) => {
      const before = list[i - 1]
      if (evidenceHash(row) !== row.hash) flaws.push({ chain, n: row.n, flaw: 'hash' })
      if (before?.n === row.n) flaws.push({ chain, n: row.n, flaw: 'duplicate' })
      else if (before && before.n !== row.n - 1) flaws.push({ chain, n: row.n, flaw: 'gap' })
      else if (row.prev !== (before ? before.hash : row.n === 1 ? CHAIN_START : row.prev)) flaws.push({ chain, n: row.n, flaw: 'link' })
    })
    return { chain, from: list[0]!.n, to: list.at(-1)!.n, head: list.at(-1)!.hash }
  })
  return { rows: count, chains: chains.sort((a, b) => (a.chain < b.chain ? -1 : 1)), flaws }
}

