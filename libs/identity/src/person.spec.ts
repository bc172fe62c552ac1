import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  identitySamples, isDivisionCode, isPlaceholderNumber, maskMiddle, maskName, maskPhone, maskResidentId, maskText,
  nameWithoutDots, normalizeDocumentNumber, normalizeName, PROVINCES, provinceByCode, provinceCodeOf, travelDocumentFault,
} from './index.js'

describe('document numbers', () => {
  it('drops the count of issues behind a Hong Kong or Macao permit', () => {
    expect(normalizeDocumentNumber('06', 'h12345678 01')).toBe('H12345678')
    expect(normalizeDocumentNumber('06', 'Ｈ12345678')).toBe('H12345678')
    expect(normalizeDocumentNumber('03', 'H1234567801')).toBe('H1234567801')
  })

  it('drops the brackets of an old Taiwan permit', () => {
    expect(normalizeDocumentNumber('07', '0012345678（B）')).toBe('0012345678B')
    expect(travelDocumentFault('07', '0012345678（B）')).toBeUndefined()
  })

  it('names what is wrong with a travel document', () => {
    expect(travelDocumentFault('06', 'H1234567')).toBe('LENGTH')
    expect(travelDocumentFault('06', 'K12345678')).toBe('CHARSET')
    expect(travelDocumentFault('03', 'E0000_001')).toBe('CHARSET')
    expect(travelDocumentFault('03', 'E00000000')).toBe('PLACEHOLDER')
    expect(travelDocumentFault('07', '01234567')).toBeUndefined()
  })

  it('knows the numbers typed for want of one', () => {
    expect(['000000000', 'H11111111', '1'].map(isPlaceholderNumber)).toEqual([true, true, true])
    expect(isPlaceholderNumber('H11111112')).toBe(false)
  })

  it('accepts every generated permit and passport', () => {
    fc.assert(fc.property(fc.nat(), seed => {
      const samples = identitySamples(seed)
      expect(travelDocumentFault('06', samples.hongKongMacaoPermit())).toBeUndefined()
      expect(travelDocumentFault('03', samples.passport())).toBeUndefined()
    }))
  })

  it('generates the same for the same seed', () => {
    expect(identitySamples(7).residentId()).toBe(identitySamples(7).residentId())
    expect(identitySamples(7).residentId()).not.toBe(identitySamples(8).residentId())
  })
})

describe('names', () => {
  it.each(['阿依古丽·买买提', '阿依古丽•买买提', '阿依古丽．买买提', '阿依古丽 ・ 买买提', '阿依古丽‧买买提', '阿依 古丽･买买提'])('unifies the middle dot (%#)', name => {
    expect(normalizeName(name)).toBe('阿依古丽·买买提')
    expect(nameWithoutDots(name)).toBe('阿依古丽买买提')
  })

  it('takes blanks out of Han names and keeps them single in others', () => {
    expect(normalizeName(' 张　 伟 ')).toBe('张伟')
    expect(normalizeName('Ｍａｒｙ   Ann')).toBe('MARY ANN')
  })

  it('keeps a character beyond the basic plane whole', () => {
    expect(normalizeName('王 𬎆')).toBe('王𬎆')
    expect(maskName('𬎆𬎆')).toBe('𬎆*')
  })

  it('changes nothing the second time', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'张伟阿·•．. 　Aｂ𬎆\u200B'), maxLength: 12 }), name => {
      expect(normalizeName(normalizeName(name))).toBe(normalizeName(name))
    }))
  })
})

describe('masks', () => {
  it('keeps what the rule allows', () => {
    expect(maskName('张三丰')).toBe('张*')
    expect(maskResidentId('11010519491231002X')).toBe('110105********002X')
    expect(maskPhone('13800000101')).toBe('138****0101')
    expect(maskName('')).toBe('')
  })

  it('hides the whole of what is too short', () => {
    expect(maskPhone('62345678')).toBe('********')
    expect(maskResidentId('110105491231')).toBe('************')
  })

  it('never shows the value itself', () => {
    fc.assert(fc.property(fc.string({ minLength: 1, unit: fc.constantFrom(...'0123456789X') }), fc.nat(8), fc.nat(8), (value, first, last) => {
      const mask = maskMiddle(value, first, last)
      expect(mask).toHaveLength(value.length)
      expect(mask).not.toBe(value)
    }))
  })

  it('finds numbers in free text', () => {
    fc.assert(fc.property(fc.nat(), seed => {
      const number = identitySamples(seed).residentId()
      const masked = maskText(`患者${number}，电话13800000101，标本S260915-0231`)
      expect(masked).not.toContain(number)
      expect(masked).not.toContain('13800000101')
      expect(masked).toContain('S260915-0231')
    }))
  })
})

describe('regions', () => {
  it('finds the province of any code', () => {
    expect(provinceByCode('350902')).toMatchObject({ code: '350000', zh: '福建省', short: '闽' })
    expect(provinceByCode('990000')).toBeUndefined()
    expect(provinceCodeOf('350902')).toBe('350000')
  })

  it('knows when a province came to be', () => {
    expect(provinceByCode('500101', '1996-12-31')).toBeUndefined()
    expect(provinceByCode('500101', '2020-01-01')?.en).toBe('Chongqing')
  })

  it('has the 34 province-level divisions once each', () => {
    expect(PROVINCES).toHaveLength(34)
    expect(new Set(PROVINCES.map(p => p.code)).size).toBe(34)
    expect(PROVINCES.every(p => isDivisionCode(p.code))).toBe(true)
    expect(isDivisionCode('000000')).toBe(false)
  })
})
