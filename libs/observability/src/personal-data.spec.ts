import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { identitySamples } from '#identity'
import { newId } from '#kernel'
import { findPersonalData } from './personal-data.js'

const kinds = (text: string, known?: string[]) => findPersonalData(text, known).map(f => f.kind)

describe('the search for personal data', () => {
  it('finds any valid resident ID, wherever it stands and however it is written', () => {
    fc.assert(fc.property(fc.integer({ min: 1 }), fc.constantFrom('"', ' ', ':', '=', '/', '患者', '|', '>'), (seed, before) => {
      const number = identitySamples(seed).residentId()
      const wide = [...number].map(c => String.fromCodePoint(c.codePointAt(0)! + 0xfee0)).join('')
      for (const form of [number, number.toLowerCase(), wide, encodeURIComponent(`号${number}`)]) expect(kinds(`x${before}${form}${before}y`)).toContain('resident-id')
    }))
  })

  it('finds the old form of 15 digits, mobile numbers and bank cards', () => {
    const number = identitySamples(7).residentId({ birthDate: '1949-07-30' })
    expect(kinds(`old ${number.slice(0, 6)}${number.slice(8, 17)}.`)).toEqual(['resident-id'])
    expect(kinds('tel:13800000101')).toEqual(['mobile'])
    expect(kinds('card 6222021234567890128')).toEqual(['bank-card'])
  })

  it('finds names that a test has put in, percent-encoded too, and says where', () => {
    expect(findPersonalData('to 林晓梅', ['林晓梅'])).toEqual([{ kind: 'known', at: 3 }])
    expect(kinds(`name=${encodeURIComponent('林晓梅')}`, ['林晓梅'])).toEqual(['known'])
  })

  it('is silent about ids, digests, times, ports and numbers that fail their check', () => {
    fc.assert(fc.property(fc.integer({ min: 1 }), seed => {
      const number = identitySamples(seed).residentId()
      const wrong = number.slice(0, 17) + (number[17] === '0' ? '1' : '0')
      expect(kinds(`id ${newId()} ${wrong}`)).toEqual([])
    }))
    expect(kinds('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 20261102113005 1762052405123 :8080')).toEqual([])
    expect(kinds('ZJWZ-JY-20260915-00231.2 47005168933030211A1001')).toEqual([])
  })
})
