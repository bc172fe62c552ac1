import type { EvidenceFlaw, EvidenceRow } from '#security'

/** One line of an export: a row, or why it is none. */
export type ExportLine = { readonly ok: true; readonly row: EvidenceRow } | { readonly ok: false; readonly line: number; readonly why: string }

const TEXTS = ['chain', 'exchangeId', 'caseId', 'what', 'digest', 'at', 'prev', 'hash'] as const
const HEX64 = /^[0-9a-f]{64}$/

/** Reads a line of NDJSON; blank lines are nothing. */
export function readExportLine(text: string, line: number): ExportLine | undefined {
  if (!text.trim()) return undefined
  const bad = (why: string): ExportLine => ({ ok: false, line, why })
  let value: unknown
  try { value = JSON.parse(text) } catch { return bad('is no JSON') }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('is no JSON object')
  const row = value as Record<string, unknown>
  const missing = TEXTS.filter(name => typeof row[name] !== 'string')
  if (missing.length) return bad(`has no text in ${missing.join(', ')}`)
  if (!Number.isSafeInteger(row.n) || (row.n as number) < 1) return bad('has no whole number of 1 or more in n')
  if (row.detail !== null && typeof row.detail !== 'string') return bad('has neither text nor null in detail')
  for (const name of ['prev', 'hash'] as const) if (!HEX64.test(row[name] as string)) return bad(`has no SHA-256 in ${name}`)
  return { ok: true, row: row as unknown as EvidenceRow }
}

const EXPLANATION: Record<EvidenceFlaw['flaw'], string> = {
  hash: 'the row was changed: its content does not give its hash',
  link: 'the row does not follow the one before it: its prev is another hash',
  gap: 'rows are missing right before this one',
  duplicate: 'a second row has this number',
}
export const explainFlaw = (f: EvidenceFlaw): string => `${f.chain} row ${f.n}: ${EXPLANATION[f.flaw]}`

/** What the chains say of one exchange, in the order of time; each row with its own flaws. */
export function exchangeProof(rows: readonly EvidenceRow[], flaws: readonly EvidenceFlaw[], exchangeId: string): { readonly row: EvidenceRow; readonly flaws: readonly EvidenceFlaw[] }[] {
  return rows
    .filter(r => r.exchangeId === exchangeId)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.n - b.n))
    .map(row => ({ row, flaws: flaws.filter(f => f.chain === row.chain && f.n === row.n) }))
}
