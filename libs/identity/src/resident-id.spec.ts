import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { checkResidentId, identitySamples, parseResidentId, residentIdFrom15 } from './index.js'

const ON = '2026-06-30'
const valid = fc.nat().map(seed => identitySamples(seed).residentId())

describe('resident ID (GB 11643)', () => {
  it.each([
    ['11010519491231002X', '1949-12-31', '2'],
    ['330106200002291232', '2000-02-29', '1'],
  ] as const)('reads birth and sex of specimen %#', (number, birthDate, sex) => {
    expect(parseResidentId(number, ON)).toMatchObject({ ok: true, converted: false, id: { number, birthDate, sex, divisionKnown: true } })
  })

  it.each([
    ['1101051949123100', 'LENGTH'],
    ['11010519491231O02X', 'CHARSET'],
    ['1101051949123100XX', 'CHARSET'],
    ['00000019491231002X', 'DIVISION'],
    ['51010719991131001X', 'BIRTHDATE'],
    ['110105190002290021', 'BIRTHDATE'],
    ['110105174912310021', 'BIRTHDATE'],
    ['110105194912310021', 'CHECK'],
  ])('names the first fault of malformed specimen %#', (number, reason) => {
    expect(checkResidentId(number)).toMatchObject({ valid: false, reason })
  })

  it('refuses a birth in the future, and only when asked for a day', () => {
    const number = identitySamples(1).residentId({ birthDate: '2030-01-01' })
    expect(checkResidentId(number, ON)).toMatchObject({ valid: false, reason: 'FUTURE' })
    expect(checkResidentId(number, '2030-01-01').valid).toBe(true)
    expect(checkResidentId(number).valid).toBe(true)
  })

  it('proposes the digit behind a misread letter without using it', () => {
    expect(checkResidentId('11010519491231OO2X')).toEqual({ valid: false, normalized: '11010519491231OO2X', reason: 'CHARSET', suggestion: '11010519491231002X' })
  })

  it.each(["'11010519491231002x", '１１０１０５１９４９１２３１００２Ｘ', '110105 19491231 002X', '110105-19491231-002x', '\uFEFF11010519491231002X\u200B'])(
    'reads through width, case, separators and spreadsheet traces (%#)', recorded => {
      expect(parseResidentId(recorded, ON)).toMatchObject({ ok: true, id: { number: '11010519491231002X' } })
    })

  it('converts 15 digits, unless the sequence marks a birth before 1900', () => {
    expect(residentIdFrom15('110105491231002')).toBe('11010519491231002X')
    expect(parseResidentId('110105491231002.0', ON)).toMatchObject({ ok: true, converted: true, id: { number: '11010519491231002X', birthDate: '1949-12-31', sex: '2' } })
    for (const sequence of ['996', '997', '998', '999']) {
      expect(residentIdFrom15(`110105491231${sequence}`)).toBeUndefined()
      expect(parseResidentId(`110105491231${sequence}`, ON)).toMatchObject({ ok: false, reason: 'PRE_1900' })
    }
    expect(parseResidentId('110105491331002', ON)).toMatchObject({ ok: false, reason: 'BIRTHDATE' })
  })

  it('warns of a division outside every province but accepts the number', () => {
    const reading = parseResidentId(identitySamples(2).residentId({ division: '780102' }), ON)
    expect(reading).toMatchObject({ ok: true, id: { divisionKnown: false } })
    for (const division of ['830000', '911124', '510202']) {
      expect(parseResidentId(identitySamples(2).residentId({ division }), ON)).toMatchObject({ ok: true, id: { divisionKnown: true } })
    }
  })

  it('accepts every generated number and reads back what it was made of', () => {
    const day = fc.date({ min: new Date('1900-01-01'), max: new Date(ON), noInvalidDate: true }).map(d => d.toISOString().slice(0, 10))
    fc.assert(fc.property(fc.nat(), day, fc.constantFrom('1', '2'), (seed, birthDate, sex) => {
      const number = identitySamples(seed).residentId({ birthDate, sex: sex as '1' | '2' })
      const reading = parseResidentId(number, ON)
      expect(reading).toMatchObject({ ok: true, id: { number, birthDate, sex } })
    }))
  })

  it('refuses every change of a single character', () => {
    fc.assert(fc.property(valid, fc.nat(17), fc.constantFrom(...'0123456789X'), (number, at, other) => {
      fc.pre(number[at] !== other)
      expect(checkResidentId(number.slice(0, at) + other + number.slice(at + 1)).valid).toBe(false)
    }))
  })

  it('refuses every swap of two neighbours', () => {
    fc.assert(fc.property(valid, fc.nat(16), (number, at) => {
      fc.pre(number[at] !== number[at + 1])
      expect(checkResidentId(number.slice(0, at) + number[at + 1] + number[at] + number.slice(at + 2)).valid).toBe(false)
    }))
  })

  it('says something of any text without throwing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), text => {
      const reading = parseResidentId(text, ON)
      expect(typeof reading.ok).toBe('boolean')
    }))
  })
})
