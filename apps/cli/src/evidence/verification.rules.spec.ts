import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { EvidenceChain, verifyChains, type EvidenceRow } from '#security'
import { exchangeProof, explainFlaw, readExportLine } from './verification.rules.js'

const exchangeId = '0193c0de-0000-7000-8000-000000000001'
const drawn = (chain: string, count: number): EvidenceRow[] => new EvidenceChain(chain, 0).draw(
  Array.from({ length: count }, (_, i) => ({ exchangeId, caseId: exchangeId, what: `step-${i}`, digest: 'ab'.repeat(32), at: `2026-11-02T03:00:0${i}.000Z`, detail: i % 2 ? { province: '330000' } : undefined })),
)
const exported = (rows: readonly EvidenceRow[]) => rows.map(r => JSON.stringify(r))
const imported = (lines: readonly string[]) => lines.map((l, i) => readExportLine(l, i + 1)).filter(l => l !== undefined)
const verify = (lines: readonly string[]) => verifyChains(imported(lines).flatMap(l => (l.ok ? [l.row] : [])))

describe('verification of an export', () => {
  it('finds nothing wrong with what was written, whatever the order of the lines', () => {
    const lines = exported([...drawn('gateway#0', 4), ...drawn('medical-records#0', 3)]).reverse()
    expect(verify(lines)).toMatchObject({ rows: 7, flaws: [], chains: [{ chain: 'gateway#0', from: 1, to: 4 }, { chain: 'medical-records#0', from: 1, to: 3 }] })
  })

  it('names the row of any single change', () => {
    const rows = drawn('gateway#0', 5)
    fc.assert(fc.property(fc.nat(4), fc.constantFrom('what', 'digest', 'caseId', 'at', 'exchangeId', 'hash', 'prev'), (i, field) => {
      const value = field === 'hash' || field === 'prev' || field === 'digest' ? 'cd'.repeat(32) : 'changed'
      const flaws = verify(exported(rows.map((r, n) => (n === i ? { ...r, [field]: value } : r)))).flaws
      expect(flaws.length).toBeGreaterThan(0)
      expect(flaws.some(f => f.n === i + 1)).toBe(true)
    }))
  })

  it('tells a missing row, a doubled row and a row put in with a hash of its own', () => {
    const rows = drawn('gateway#0', 5)
    expect(verify(exported(rows.filter(r => r.n !== 3))).flaws).toEqual([{ chain: 'gateway#0', n: 4, flaw: 'gap' }])
    expect(verify(exported([...rows, rows[1]!])).flaws.map(f => [f.n, f.flaw])).toEqual([[2, 'duplicate']])
    const other = new EvidenceChain('gateway#0', 2, 'ef'.repeat(32)).draw([{ exchangeId, caseId: exchangeId, what: 'forged', digest: 'ab'.repeat(32), at: '2026-11-02T03:00:02.000Z' }])[0]!
    expect(verify(exported(rows.map(r => (r.n === 3 ? other : r)))).flaws.map(f => [f.n, f.flaw])).toEqual([[3, 'link'], [4, 'link']])
    expect(explainFlaw({ chain: 'gateway#0', n: 4, flaw: 'gap' })).toBe('gateway#0 row 4: rows are missing right before this one')
  })

  it('says of a line that is no row why, with its number', () => {
    expect(readExportLine('', 1)).toBeUndefined()
    expect(readExportLine('{"chain":', 2)).toEqual({ ok: false, line: 2, why: 'is no JSON' })
    expect(readExportLine('[]', 3)).toEqual({ ok: false, line: 3, why: 'is no JSON object' })
    const row = drawn('gateway#0', 1)[0]!
    expect(readExportLine(JSON.stringify({ ...row, n: 0 }), 4)).toMatchObject({ line: 4, why: 'has no whole number of 1 or more in n' })
    expect(readExportLine(JSON.stringify({ ...row, hash: 'x' }), 5)).toMatchObject({ line: 5, why: 'has no SHA-256 in hash' })
    expect(readExportLine(JSON.stringify({ ...row, what: undefined, at: 7 }), 6)).toMatchObject({ line: 6, why: 'has no text in what, at' })
    expect(readExportLine(JSON.stringify({ ...row, detail: {} }), 7)).toMatchObject({ line: 7, why: 'has neither text nor null in detail' })
  })

  it('gathers what all chains say of one exchange, flaws beside the rows they belong to', () => {
    const rows = [...drawn('medical-records#0', 2), ...drawn('gateway#0', 2)]
    const proof = exchangeProof(rows, [{ chain: 'gateway#0', n: 2, flaw: 'hash' }], exchangeId)
    expect(proof.map(p => `${p.row.chain}/${p.row.n}/${p.flaws.length}`)).toEqual(['medical-records#0/1/0', 'gateway#0/1/0', 'medical-records#0/2/0', 'gateway#0/2/1'])
    expect(exchangeProof(rows, [], 'other')).toEqual([])
  })
})
