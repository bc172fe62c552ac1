import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { permits, permitted, type Right } from './rights.rules.js'

const exchange = fc.constantFrom('medical-records.discover', 'medical-records.list', 'pension.transfer')
const province = fc.constantFrom('330000', '350000', '360000')
const purpose = fc.constantFrom('TREAT', 'ETREAT', 'PUBHLTH')
const orAny = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | '*'> => fc.oneof(a, fc.constant('*' as const))
const right: fc.Arbitrary<Right> = fc.record({ exchange: orAny(exchange), province: orAny(province), purposes: fc.uniqueArray(orAny(purpose), { maxLength: 3 }) })
const question = fc.record({ exchange, province, purpose })

describe('rights', () => {
  it('permit nothing that none of them names', () => {
    expect(permits([], { exchange: 'medical-records.discover', province: '330000', purpose: 'TREAT' })).toBe(false)
    fc.assert(fc.property(fc.array(right), question, (rights, q) => {
      const covering = rights.filter(r => [r.exchange, '*'].includes(r.exchange) && ['*', q.exchange].includes(r.exchange) && ['*', q.province].includes(r.province) && r.purposes.some(p => ['*', q.purpose].includes(p)))
      expect(permits(rights, q)).toBe(covering.length > 0)
    }))
  })

  it('never add up: what two permit together, one of them permits alone', () => {
    fc.assert(fc.property(fc.array(right), fc.array(right), question, (a, b, q) => {
      expect(permits([...a, ...b], q)).toBe(permits(a, q) || permits(b, q))
    }))
  })

  it('without a purpose permit nothing', () => {
    fc.assert(fc.property(fc.array(right), question, (rights, q) => {
      expect(permits(rights.map(r => ({ ...r, purposes: [] })), q)).toBe(false)
    }))
  })

  it('tell which of several provinces may be asked', () => {
    const rights: Right[] = [{ exchange: 'medical-records.discover', province: '330000', purposes: ['TREAT'] }, { exchange: '*', province: '360000', purposes: ['ETREAT'] }]
    expect(permitted(rights, ['330000', '350000', '360000'], { exchange: 'medical-records.discover', purpose: 'TREAT' })).toEqual(['330000'])
    expect(permitted(rights, ['330000', '350000', '360000'], { exchange: 'medical-records.list', purpose: 'ETREAT' })).toEqual(['360000'])
  })
})
