import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { contradictions, exchangeHeaders } from './headers.rules.js'

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(text => text.trim() === text)
const encoded = (value: unknown): string => encodeURIComponent(JSON.stringify(value))

describe('headers beside a document', () => {
  it('bring whatever JSON object they carry into its canonical place, in any script', () => {
    const requester = fc.record({ practitioner: fc.record({ name: word, role: word }), organization: fc.record({ code: word, name: word }) })
    fc.assert(fc.property(requester, fc.uniqueArray(fc.stringMatching(/^[1-6][0-9]0000$/), { minLength: 1, maxLength: 5 }), (who, targets) => {
      const { part, faults } = exchangeHeaders({ 'tongqu-requester': encoded(who), 'tongqu-targets': targets.join(' , '), 'tongqu-purpose': 'TREAT' })
      expect(faults).toEqual([])
      expect(JSON.parse(JSON.stringify(part))).toEqual({ requester: who, targets, authorization: { purpose: 'TREAT' } })
    }))
  })

  it('never throw, whatever they hold, and name each header that cannot be read', () => {
    const names = ['tongqu-case', 'tongqu-sequence', 'tongqu-purpose', 'tongqu-legal-basis', 'tongqu-consent', 'tongqu-requester', 'tongqu-authorization', 'tongqu-targets', 'idempotency-key']
    fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.jsonValue().map(encoded), fc.constant('%7B%22__proto__%22%3A%7B%22x%22%3A1%7D%7D'))), headers => {
      const { faults } = exchangeHeaders(headers)
      for (const f of faults) expect(names).toContain(f.pointer.toLowerCase())
      expect(({} as { x?: number }).x).toBeUndefined()
    }))
  })

  it('must not contradict one another', () => {
    const { faults } = exchangeHeaders({ 'tongqu-purpose': 'TREAT', 'tongqu-authorization': encoded({ purpose: 'ETREAT', legalBasis: 'PIPL-13-4' }) })
    expect(faults).toMatchObject([{ code: 'HEADER_INVALID', pointer: 'Tongqu-Authorization' }])
    expect(exchangeHeaders({ 'tongqu-purpose': 'TREAT', 'tongqu-authorization': encoded({ purpose: 'TREAT' }) }).faults).toEqual([])
  })

  it('must not contradict the document, which may say more than they do; the order of targets means nothing', () => {
    const { supplied } = exchangeHeaders({ 'tongqu-targets': '360000,330000', 'tongqu-requester': encoded({ organization: { code: 'A' } }) })
    expect(contradictions(supplied, { targets: ['330000', '360000'], requester: { organization: { code: 'A', name: 'B' } } })).toEqual([])
    expect(contradictions(supplied, { targets: ['330000'], requester: { organization: { code: 'C' } } }).map(s => s.header)).toEqual(['Tongqu-Requester', 'Tongqu-Targets'])
  })

  it('number a message only within a named case', () => {
    expect(exchangeHeaders({ 'tongqu-sequence': '2' }).faults).toMatchObject([{ pointer: 'Tongqu-Sequence' }])
  })
})
