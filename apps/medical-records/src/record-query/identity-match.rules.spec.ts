import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Patient, PersonQuery } from '#schemas'
import { evidenceOfPatient, evidenceOfQuery, holderIdentifier, judge, judgeCandidates } from './identity-match.rules.js'
import { identityNumber, isOneEditApart } from './identity-number.rules.js'
import { LIN, OTHER_NUMBER, patientOf, residentId } from './testing/people.js'

const TODAY = '2026-11-24'
const verdict = (person: PersonQuery, patient: Patient) => {
  const { certainty, rule, reasons } = judge(evidenceOfQuery(person, TODAY), evidenceOfPatient(patient, TODAY))
  return `${certainty} ${rule} ${reasons.join(' ')}`
}
const lin = (extra: Partial<PersonQuery>) => patientOf({ ...LIN, ...extra }, 'index')

describe('document numbers', () => {
  it.each([
    ['lower-case x', '33032419900115009x', '33032419900115009X'],
    ['spaces and hyphens', '330329 19850412-0121', '330329198504120121'],
    ['spreadsheet quote', "'330329198504120121", '330329198504120121'],
    ['spreadsheet decimals', '330329198504120121.0', '330329198504120121'],
    ['full width', '３３０３２９１９８５０４１２０１２１', '330329198504120121'],
    ['15 digits', '350902490730011', residentId('350902', '1949-07-30', '011')],
  ])('%s', (_, written, number) => { expect(identityNumber('01', written, TODAY)).toMatchObject({ number, usable: true }) })

  it.each([
    ['wrong check digit', '330329198504120122'], ['no such day', residentId('330329', '1985-02-30', '012')], ['born tomorrow', residentId('330329', '2026-11-25', '012')],
    ['no such province', residentId('990329', '1985-04-12', '012').replace(/^99/, '09')], ['all one digit', '111111111111111111'], ['born before 1900 in 15 digits', '350902490730996'], ['empty', '-'],
  ])('not usable: %s', (_, written) => { expect(identityNumber('01', written, TODAY).usable).toBe(false) })

  it('reads birth and sex out of every valid number, and 15 digits as 18', () => {
    const birth = fc.date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('1999-12-31T00:00:00Z'), noInvalidDate: true }).map(d => d.toISOString().slice(0, 10))
    fc.assert(fc.property(fc.constantFrom('330329', '350902', '361102', '653101'), birth, fc.integer({ min: 0, max: 995 }).map(n => String(n).padStart(3, '0')), (district, born, sequence) => {
      const number = residentId(district, born, sequence)
      expect(identityNumber('01', number, TODAY)).toEqual({ type: '01', number, usable: true, birthDate: born, sex: Number(sequence) % 2 ? '1' : '2' })
      expect(identityNumber('01', number.slice(0, 6) + number.slice(8, 17), TODAY).number).toBe(number)
    }))
  })

  it('drops the issue count of a Hong Kong or Macao permit', () => { expect(identityNumber('06', 'H1234567801', TODAY)).toEqual({ type: '06', number: 'H12345678', usable: true }) })
  it('knows one edit', () => {
    expect([['123', '124'], ['123', '12'], ['123', '1234'], ['23', '123'], ['123', '123'], ['123', '132'], ['123', '1']].map(([a, b]) => isOneEditApart(a!, b!))).toEqual([true, true, true, true, false, false, false])
  })
})

describe('identity rules', () => {
  const typo = `${LIN.idNumber.slice(0, 16)}3${LIN.idNumber[17]}`
  it.each([
    ['number and name', LIN, lin({}), 'certain R1 NUMBER_AND_NAME'],
    ['holder knows less', LIN, patientOf({ idNumber: LIN.idNumber, name: LIN.name }, 'i'), 'certain R1 NUMBER_AND_NAME'],
    ['half-known birth', LIN, lin({ birthDate: '1985-04' }), 'certain R1 NUMBER_AND_NAME'],
    ['sex not stated', LIN, lin({ sex: '9' }), 'certain R1 NUMBER_AND_NAME'],
    ['name variant', LIN, lin({ name: '林曉梅（新农合）' }), 'certain R1 NUMBER_AND_NAME'],
    ['numbers differ', LIN, lin({ idNumber: OTHER_NUMBER }), 'no R1 NUMBERS_DIFFER'],
    ['another name', LIN, lin({ name: '林晓峰' }), 'review R3 NAME_DIFFERS'],
    ['birth contradicts the number', LIN, lin({ birthDate: '1985-04-13' }), 'review R3 BIRTH_CONTRADICTS'],
    ['asker contradicts the number', { ...LIN, birthDate: '1985-05-12' }, patientOf({ idNumber: LIN.idNumber, name: LIN.name }, 'i'), 'review R3 BIRTH_CONTRADICTS'],
    ['sex contradicts', LIN, lin({ sex: '1' }), 'review R3 SEX_CONTRADICTS'],
    ['everything contradicts', LIN, lin({ name: '张伟', sex: '1', birthDate: '1999' }), 'review R3 NAME_DIFFERS BIRTH_CONTRADICTS SEX_CONTRADICTS'],
    ['newborn under the mother’s number', LIN, lin({ name: '林晓梅之女', birthDate: '2026-11-01' }), 'review R3 NAME_SAYS_NOTHING BIRTH_CONTRADICTS'],
    ['same unusable number', { ...LIN, idNumber: typo }, lin({ idNumber: typo }), 'review R3 NUMBER_NOT_USABLE'],
    ['mistyped number', LIN, lin({ idNumber: typo }), 'review R3 NUMBER_MISTYPED'],
    ['mistyped number, another name', LIN, lin({ idNumber: typo, name: '林晓峰' }), 'no R4 NO_COMPARABLE_NUMBER'],
    ['no number, all else equal', LIN, lin({ idNumber: undefined }), 'review R4 NO_COMPARABLE_NUMBER'],
    ['no number, birth unknown', LIN, lin({ idNumber: undefined, birthDate: undefined }), 'no R4 NO_COMPARABLE_NUMBER'],
    ['no number, birth contradicts', LIN, lin({ idNumber: undefined, birthDate: '1985-04-13' }), 'no R4 NO_COMPARABLE_NUMBER BIRTH_CONTRADICTS'],
    ['another type of document', { ...LIN, idType: '03', idNumber: 'E00000017' }, lin({}), 'review R4 NO_COMPARABLE_NUMBER'],
    ['unknown person without thread', LIN, lin({ idNumber: undefined, name: '无名氏' }), 'no R5 NAME_SAYS_NOTHING'],
    ['unknown person with phone and address', { ...LIN, phone: '+86 138-0000-0101', address: { text: '示范路 12号' } }, lin({ idNumber: undefined, name: '无名氏', phone: '13800000101', address: { text: '示范路12号' } }), 'review R5 NAME_SAYS_NOTHING PHONE_AND_ADDRESS'],
    ['passport', { ...LIN, idType: '03', idNumber: 'E00000017' }, lin({ idType: '03', idNumber: 'e00000017' }), 'review R3 ISSUER_NOT_STATED'],
    ['permit with birth', { ...LIN, idType: '06', idNumber: 'H12345678' }, lin({ idType: '06', idNumber: 'H1234567802' }), 'certain R1 NUMBER_AND_NAME'],
    ['permit without birth', { ...LIN, idType: '06', idNumber: 'H12345678', birthDate: undefined }, lin({ idType: '06', idNumber: 'H12345678' }), 'review R3 BIRTH_NOT_STATED'],
    ['document of unknown kind', { ...LIN, idType: '99', idNumber: 'A1234567' }, lin({ idType: '99', idNumber: 'A1234567' }), 'review R3 NUMBER_NOT_USABLE ISSUER_NOT_STATED'],
  ] as const)('%s', (_, person, patient, expected) => { expect(verdict(person, patient)).toBe(expected) })

  it('does not trust a record with two official names; a former name does not matter beside the present one', () => {
    const patient = lin({})
    expect(verdict(LIN, { ...patient, name: [{ text: LIN.name }, { text: '林小妹' }] })).toBe('review R3 NAME_DIFFERS')
    expect(verdict(LIN, { ...patient, name: [{ text: '林小妹', use: 'old' }, { text: LIN.name }] })).toMatch(/^certain/)
    expect(verdict(LIN, { ...patient, name: [{ text: '林小妹' }, { text: LIN.name, use: 'old' }] })).toBe('review R3 NAME_DIFFERS')
    expect(verdict(LIN, { ...patient, name: [{ text: '-' }, { family: '林', given: ['晓梅'] }] })).toMatch(/^certain/)
  })

  it('takes an old number on record as an alias', () => {
    const patient = lin({})
    patient.identifier.push({ system: 'urn:oid:2.16.840.1.113883.2.23.1.19.1', value: OTHER_NUMBER })
    expect(verdict({ ...LIN, birthDate: undefined, sex: undefined }, patient)).toBe('review R3 BIRTH_CONTRADICTS SEX_CONTRADICTS')
    patient.identifier[2]!.value = residentId('361102', '1985-04-12', '024')
    expect(verdict(LIN, patient)).toMatch(/^certain/)
  })

  it('names the person as the holder does', () => {
    expect(holderIdentifier(lin({}))).toBe('index')
    expect(holderIdentifier({ ...lin({}), identifier: [{ system: 'urn:oid:2.16.156.10011.1.3', value: LIN.idNumber }], id: 'p7' })).toBe('p7')
  })

  const person: fc.Arbitrary<PersonQuery> = fc.record({
    idType: fc.constantFrom('01', '03', '06', '99'), idNumber: fc.constantFrom(LIN.idNumber, OTHER_NUMBER, typo, 'E00000017', 'H12345678', '-'),
    name: fc.constantFrom('林晓梅', '林曉梅', '林晓峰', '林晓□', '林晓梅之子', '无名氏', '-'), sex: fc.constantFrom('1', '2', '9', undefined),
    birthDate: fc.constantFrom('1985-04-12', '1985', '1985-04-13', undefined), phone: fc.constantFrom('13800000101', undefined), address: fc.constantFrom({ text: '示范路12号' }, undefined),
  }) as fc.Arbitrary<PersonQuery>

  it('is symmetric, and certain only with an equal usable number, a stated name and no contradiction', () => {
    fc.assert(fc.property(person, person, (p, q) => {
      const [a, b] = [evidenceOfQuery(p, TODAY), evidenceOfQuery(q, TODAY)]
      const v = judge(a, b)
      expect(judge(b, a)).toEqual(v)
      if (v.certainty !== 'certain') return
      expect(v.rule).toBe('R1')
      expect(a.numbers[0]).toEqual(b.numbers[0])
      expect(a.numbers[0]!.usable).toBe(true)
      expect(new Set([p.sex, q.sex].filter(s => s === '1' || s === '2')).size).toBeLessThan(2)
      for (const e of [p, q]) expect(['林晓梅', '林曉梅']).toContain(e.name)
    }), { numRuns: 2000 })
  })

  it('discloses nobody in an ambiguity battery', () => {
    const ambiguous = fc.oneof(
      // two records that both fit
      fc.tuple(fc.constant([lin({}), patientOf({ ...LIN, name: '林曉梅' }, 'second')]), fc.constant(false)),
      // the right one, but the search was cut short
      fc.tuple(fc.constant([lin({})]), fc.constant(true)),
      // a number that several people carry
      fc.tuple(fc.constant([lin({}), lin({ name: '王芳' }), lin({ name: '张伟' })]), fc.constant(false)),
      // anybody without the number
      fc.tuple(fc.array(person.map(p => patientOf({ ...p, idNumber: undefined }, 'x')), { maxLength: 6 }), fc.boolean()),
      // anybody with the number under another name, sex or birth
      fc.tuple(fc.array(fc.constantFrom(lin({ name: '林晓峰' }), lin({ sex: '1' }), lin({ birthDate: '1958-04-12' }), lin({ name: '林晓梅之女' }), lin({ name: '张*' }), lin({ name: '无名氏' })), { maxLength: 6 }), fc.boolean()),
    )
    fc.assert(fc.property(ambiguous, ([candidates, truncated]) => { expect(judgeCandidates(LIN, candidates, truncated, TODAY).certain).toBeUndefined() }), { numRuns: 2000 })
  })

  it('discloses the one certain person among others', () => {
    const others = fc.array(person.map(p => patientOf({ ...p, idType: '01', idNumber: OTHER_NUMBER }, 'x')), { maxLength: 5 })
    fc.assert(fc.property(others, fc.nat(5), (candidates, at) => {
      const all = [...candidates]
      const i = at % (all.length + 1)
      all.splice(i, 0, lin({}))
      expect(judgeCandidates(LIN, all, false, TODAY).certain).toBe(i)
    }))
  })
})
