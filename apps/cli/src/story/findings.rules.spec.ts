import { describe, expect, it } from '@jest/globals'
import type { DiscoverResult, DocumentBundle, ListResult } from '#schemas'
import { dialectLines, discoverLines, documentLines, listLines } from './findings.rules.js'

const names = (code: string): string => ({ 330000: '浙江省', 360000: '江西省' })[code] ?? code

describe('what the story says of results', () => {
  it('keeps the five answers apart and says when nothing is disclosed', () => {
    const result: DiscoverResult = {
      complete: false,
      provinces: [
        { province: '330000', answer: 'several', certainty: 'review', rule: 'R4' },
        { province: '360000', answer: 'need-attributes', attributesWanted: ['phone'] },
      ],
      missing: [{ province: '350000', reason: 'TIMEOUT' }],
    }
    const [several, wanted, missing] = discoverLines(result, names)
    expect(several).toContain('several')
    expect(several).toContain('nothing is disclosed')
    expect(wanted).toContain('phone')
    expect(missing).toBe('部分结果 partial: 缺 missing 350000 — 超时未答 no answer in time')
    const answers = (['match', 'several', 'need-attributes', 'none', 'fault'] as const).map(answer => discoverLines({ complete: true, provinces: [{ province: '330000', answer }], missing: [] }, names)[0])
    expect(new Set(answers).size).toBe(5)
  })

  it('shows in which dialects a province was asked and answered', () => {
    const step = (what: string, about: string, versions?: Record<string, string>) => ({ by: 'connector', what, about, at: '2026-11-02T03:00:00Z', ms: 3, versions })
    expect(dialectLines({
      id: '1', exchange: 'medical-records.discover', state: 'COMPLETED', receivedAt: '2026-11-02T03:00:00Z',
      steps: [step('translate-out', '330000', { mapping: 'zhejiang/discover-request@1' }), step('deliver', '330000'), step('translate-in', '330000', { mapping: 'zhejiang/discover-answer@1' }), step('translate-out', '360000', { mapping: 'jiangxi/discover-request@1' })],
    }, names)).toEqual(['浙江省    问 asked zhejiang/discover-request@1  答 answered zhejiang/discover-answer@1  3 ms', '江西省    问 asked jiangxi/discover-request@1  答 answered —'])
  })

  it('lists documents with their state, superseded ones as such', () => {
    const result: ListResult = {
      complete: true, missing: [],
      provinces: [{ province: '330000', documents: [{ resourceType: 'DocumentReference', masterIdentifier: { value: 'JY-1' }, status: 'superseded', type: { coding: [{ code: 'C0007' }] }, date: '2026-09-15T02:00:00Z', content: [{ attachment: {} }] }] }],
    }
    const lines = listLines(result, names)
    expect(lines[0]).toContain('浙江省  1 份')
    expect(lines[1]).toMatch(/检验报告 lab report\s+2026-09-15\s+已被替代\s+JY-1/)
    expect(lines[2]).toContain('complete')
  })

  it('shows results with value, unit, flag and range, and how many it left out', () => {
    const observation = (text: string, value: number, flag?: string) => ({
      fullUrl: `urn:${text}`, resource: { resourceType: 'Observation', status: 'final', code: { text }, valueQuantity: { value, unit: 'mmol/L' }, referenceRange: [{ text: '3.9–6.1' }], ...(flag && { interpretation: [{ coding: [{ code: flag }] }] }) },
    })
    const bundle = {
      resourceType: 'Bundle', type: 'document', identifier: { value: 'JY-1' }, timestamp: '2026-09-15T02:00:00Z',
      entry: [{ fullUrl: 'urn:c', resource: { resourceType: 'Composition', status: 'final', title: '检验报告', date: '2026-09-15T10:00:00+08:00' } }, observation('葡萄糖', 7.2, 'H'), observation('尿素', 5, undefined)],
    } as unknown as DocumentBundle
    const lines = documentLines(bundle, 1)
    expect(lines[0]).toBe('检验报告  final  2026-09-15')
    expect(lines[1]).toMatch(/葡萄糖\s+7\.2 mmol\/L\s+↑\s+参考 3\.9–6\.1/)
    expect(lines[2]).toContain('另有 1 项 more')
  })
})
