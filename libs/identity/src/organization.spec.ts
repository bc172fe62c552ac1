import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { checkCreditCode, checkOrganizationCode, checkRegistrationNumber, identitySamples, organizationCodeOf } from './index.js'

describe('unified social credit code (GB 32100)', () => {
  it.each(['91110000600037341L', '71310106424845496E', 'N2330106MF1234567L', '９１１１００００６０００３７３４１ｌ', ' 9111 0000-60003734-1L '])('accepts %s', code => {
    expect(checkCreditCode(code)).toMatchObject({ valid: true })
  })

  it.each([
    ['9111000060003734L', 'LENGTH'],
    ['9111000060003734VL', 'CHARSET'],
    ['B1110000600037341L', 'REGISTRAR'],
    ['91000000600037341L', 'DIVISION'],
    ['91A10000600037341L', 'DIVISION'],
    ['911100000000000005', 'PLACEHOLDER'],
    ['91110000600037342L', 'CHECK'],
    ['91110000600037342P', 'ORG_CHECK'],
  ])('refuses %s: %s', (code, reason) => {
    expect(checkCreditCode(code)).toMatchObject({ valid: false, reason })
  })

  it('proposes a code behind misread letters and leaves the input as it is', () => {
    expect(checkCreditCode('9111000060003734IL')).toEqual({ valid: false, normalized: '9111000060003734IL', reason: 'CHARSET', suggestion: '91110000600037341L' })
    expect(checkCreditCode('9111000060003735IL')).not.toHaveProperty('suggestion')
  })

  it('carries a valid organisation code', () => {
    fc.assert(fc.property(fc.nat(), seed => {
      const code = identitySamples(seed).creditCode()
      expect(checkCreditCode(code)).toEqual({ valid: true, normalized: code })
      expect(checkOrganizationCode(organizationCodeOf(code)).valid).toBe(true)
    }))
  })

  it('refuses every change of a single character', () => {
    fc.assert(fc.property(fc.nat(), fc.nat(17), fc.constantFrom(...'0123456789ABCDEFGHJKLMNPQRTUWXY'), (seed, at, other) => {
      const code = identitySamples(seed).creditCode()
      fc.pre(code[at] !== other)
      expect(checkCreditCode(code.slice(0, at) + other + code.slice(at + 1)).valid).toBe(false)
    }))
  })
})

describe('organisation code (GB 11714)', () => {
  it.each(['D2143569X', '600037341', 'd2143569-x'])('accepts %s', code => expect(checkOrganizationCode(code).valid).toBe(true))

  it.each([['60003734', 'LENGTH'], ['60003734A', 'CHARSET'], ['000000000', 'PLACEHOLDER'], ['600037342', 'CHECK']])('refuses %s: %s', (code, reason) => {
    expect(checkOrganizationCode(code)).toMatchObject({ valid: false, reason })
  })

  it('accepts every generated code', () => {
    fc.assert(fc.property(fc.nat(), seed => expect(checkOrganizationCode(identitySamples(seed).organizationCode()).valid).toBe(true)))
  })
})

describe('business registration number', () => {
  it.each(['110108000000016', '440301103097413'])('accepts %s', number => expect(checkRegistrationNumber(number).valid).toBe(true))

  it.each([['11010800000001', 'LENGTH'], ['11010800000001A', 'CHARSET'], ['000000000000005', 'DIVISION'], ['110108000000017', 'CHECK']])('refuses %s: %s', (number, reason) => {
    expect(checkRegistrationNumber(number)).toMatchObject({ valid: false, reason })
  })

  it('accepts every generated number and refuses every change of one digit', () => {
    fc.assert(fc.property(fc.nat(), fc.nat(14), fc.integer({ min: 1, max: 9 }), (seed, at, shift) => {
      const number = identitySamples(seed).registrationNumber()
      expect(checkRegistrationNumber(number).valid).toBe(true)
      const changed = number.slice(0, at) + (Number(number[at]) + shift) % 10 + number.slice(at + 1)
      expect(checkRegistrationNumber(changed).valid).toBe(false)
    }))
  })
})
