import { describe, expect, it } from '@jest/globals'
import { compileSchema } from '#mapping'
import { discoverRequest, type DiscoverRequest } from '#schemas'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { loadProvinces } from './index.js'

const provinces = loadProvinces()
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const day = fc.date({ min: new Date('1900-01-01'), max: new Date('2025-12-31'), noInvalidDate: true }).map(at => at.toISOString().slice(0, 10))
const residentId = fc.tuple(fc.constantFrom('330329', '350902', '361102'), day, fc.integer({ min: 1, max: 995 })).map(([division, birth, sequence]) => {
  const body = `${division}${birth.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`
  return body + '10X98765432'[[...body].reduce((sum, digit, i) => sum + Number(digit) * WEIGHTS[i]!, 0) % 11]!
})
// Texts as people write them: Han, rare Han outside GBK, Latin, markup. No provincial null marks, no blanks at the ends.
const text = (max: number) => fc.array(fc.constantFrom(...'张伟林晓梅王𬎆·ABCx19<>&"\'（）;'), { minLength: 2, maxLength: max }).map(characters => characters.join(''))
const code = (max: number) => fc.stringMatching(new RegExp(`^[A-Z0-9]{3,${max}}$`))
const halfDate = fc.tuple(day, fc.constantFrom(4, 7, 10)).map(([at, length]) => at.slice(0, length))
const optional = { requiredKeys: [] as never[] }

const person = fc.oneof(fc.tuple(fc.constant('01'), residentId), fc.tuple(fc.constantFrom('03', '06', '07', '99'), code(12))).chain(([idType, idNumber]) => fc.tuple(
  fc.record({ idType: fc.constant(idType), idNumber: fc.constant(idNumber), name: text(20) }),
  fc.record({ sex: fc.constantFrom('0', '1', '2', '9'), birthDate: halfDate, phone: fc.stringMatching(/^1\d{10}$/), address: fc.record({ text: text(40), district: fc.stringMatching(/^\d{6}$/) }) }, optional),
)).map(([base, more]) => ({ ...base, ...more }))
const request = fc.tuple(
  person,
  fc.record({ practitioner: fc.record({ name: text(20), id: code(12), role: fc.constantFrom('physician', 'nurse', 'officer', 'patient', 'system') }), organization: fc.record({ code: code(22), name: text(30) }), department: text(10) }),
  fc.record({ purpose: fc.constantFrom('TREAT', 'ETREAT', 'PUBHLTH', 'PATRQT') }),
  fc.record({ legalBasis: code(12), consent: fc.record({ reference: code(20), grantedOn: day, validUntil: day, grantee: code(22) }), careRelation: fc.record({ kind: fc.constantFrom('visit', 'referral', 'consultation'), number: code(16) }) }, optional),
  fc.uniqueArray(fc.constantFrom('330000', '350000', '360000'), { minLength: 1 }),
  fc.option(text(60), { nil: undefined }),
).map(([p, requester, purpose, more, targets, note]) => ({ person: p, requester, authorization: { ...purpose, ...more }, targets, ...(note === undefined ? {} : { note }) }) as DiscoverRequest)

describe('laws of the mappings', () => {
  it.each(provinces.all.map(p => [p.profile.slug, p] as const))('%s: canonical → native → canonical is equal, and what is not is in the loss report', (_slug, province) => {
    const mapping = province.mappings.get('discover-request')!
    const validate = compileSchema(discoverRequest.schema)
    fc.assert(fc.property(request, canonical => {
      expect(validate(canonical)).toBe(true)
      const writing = mapping.write(canonical)
      const { requester, authorization, targets } = canonical
      const reading = mapping.read(writing.bytes, { requester, authorization, targets })
      const lost = writing.loss.filter(l => l.reason === 'unmapped').map(l => l.pointer)
      const expected = structuredClone(canonical)
      if (lost.includes('/note')) delete expected.note
      expect(lost.filter(pointer => pointer !== '/note')).toEqual([])
      expect(reading.ok ? reading.canonical : reading.faults).toEqual(expected)
    }), { numRuns: 150 })
  })

  it('a native field that nobody mapped is in the loss report, wherever it stands', () => {
    const province = provinces.all.find(p => p.profile.dialect === 'json')!
    const mapping = province.mappings.get('discover-request')!
    const objects = (value: object, pointer = ''): [object, string][] => [[value, pointer], ...Object.entries(value).flatMap(([name, member]) => typeof member === 'object' && member !== null && !Array.isArray(member) ? objects(member as object, `${pointer}/${name}`) : [])]
    fc.assert(fc.property(request, fc.nat(), fc.constantFrom('x', 'unknownField', '新增'), fc.oneof(text(5), fc.integer(), fc.boolean()), (canonical, at, name, value) => {
      const document = JSON.parse(mapping.write(canonical).bytes.toString()) as object
      const places = objects(document)
      const [object, pointer] = places[at % places.length]!
      ;(object as Record<string, unknown>)[name] = value
      const reading = mapping.read(Buffer.from(JSON.stringify(document)))
      expect(reading.ok && reading.loss.map(l => l.pointer)).toEqual([`${pointer}/${name}`])
    }), { numRuns: 100 })
  })

  it('reading never throws, whatever comes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }), fc.json().map(text_ => Buffer.from(text_)),
      fc.record({ code: fc.jsonValue(), data: fc.jsonValue(), patient: fc.jsonValue(), serviceCode: fc.constant('ZJ-EMR-PIX-01'), WS99_99_910_01: fc.jsonValue(), targets: fc.jsonValue() }, optional).map(value => Buffer.from(JSON.stringify(value))),
      fc.tuple(fc.constantFrom('ClinicalDocument', 'PRPA_IN201306UV02'), fc.string({ unit: 'grapheme' })).map(([root, inner]) => Buffer.from(`<${root}><code code="C0007" codeSystem="2.16.156.10011.2.4"/>${inner}</${root}>`)),
      fc.string({ unit: 'grapheme' }).map(row => iconv.encode(`CXJG|SYH|SFZH\r\n${row}\r\n#TRAILER|1|0000`, 'gb18030')),
    )
    const mappings = provinces.all.flatMap(p => [...p.mappings.values()])
    fc.assert(fc.property(bytes, input => {
      for (const mapping of mappings) {
        const reading = mapping.read(input)
        if (reading.ok) expect(Array.isArray(reading.loss)).toBe(true)
        else expect(reading.faults.length).toBeGreaterThan(0)
      }
    }), { numRuns: 100 })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
