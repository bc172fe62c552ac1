import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compareDocuments, lossByField, sameValue, type BundleLike, type Resource } from './comparison.rules.js'

const observation = (code: string, value: number, more: object = {}): Resource => ({
  resourceType: 'Observation', id: `id-${code}`, status: 'final', code: { coding: [{ system: 'http://loinc.org', code, display: `item ${code}` }], text: `item ${code}` },
  subject: { reference: 'urn:uuid:1' }, valueQuantity: { value, unit: 'mmol/L' }, ...more,
})
const bundle = (...resources: Resource[]): BundleLike => ({ entry: resources.map(resource => ({ fullUrl: `urn:uuid:${resource.id}`, resource })) })

describe('comparison of a delivered document with its source', () => {
  it('finds nothing between a document and itself, in any order and with other ids', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 9999 }), { minLength: 1, maxLength: 8 }), codes => {
      const all = codes.map(c => observation(String(c), c / 10))
      const delivered = [...all].reverse().map(r => ({ ...r, id: `other-${r.id as string}`, subject: { reference: 'Patient/2' } }))
      const { kept, differences } = compareDocuments(bundle(...all), bundle(...delivered))
      expect(differences).toEqual([])
      expect(kept).toEqual({ Observation: all.length * 7 })
    }))
  })

  it('tells what was lost from what was changed, by field', () => {
    const source = bundle(observation('2339-0', 7.8, { issued: '2001-07-10T12:17:10.817+00:00', category: [{ text: 'laboratory' }] }))
    const delivered = bundle({ ...observation('2339-0', 7.8), issued: '2001-07-10T20:17:10+08:00', code: { coding: [{ system: 'http://loinc.org', code: '2339-0', display: '葡萄糖' }], text: 'item 2339-0' } })
    expect(compareDocuments(source, delivered).differences).toEqual([
      { kind: 'changed', field: 'Observation.code.coding[http://loinc.org].display', pointer: '/entry/0/resource/code/coding/0/display', source: 'item 2339-0', delivered: '葡萄糖' },
      { kind: 'changed', field: 'Observation.issued', pointer: '/entry/0/resource/issued', source: '2001-07-10T12:17:10.817+00:00', delivered: '2001-07-10T20:17:10+08:00' },
      { kind: 'lost', field: 'Observation.category[0].text', pointer: '/entry/0/resource/category/0/text', source: 'laboratory' },
    ])
  })

  it('loses a whole resource field by field when nothing corresponds to it', () => {
    const { differences, kept } = compareDocuments(bundle(observation('a', 1), observation('b', 2)), bundle(observation('a', 1), observation('c', 3)))
    expect(kept).toEqual({ Observation: 7 })
    expect(differences.filter(d => d.kind === 'lost').length + differences.filter(d => d.kind === 'changed').length).toBe(7)
  })

  it('follows a value whose system was exchanged, and tells the exchange', () => {
    const coded = (system: string): Resource => ({ resourceType: 'Observation', code: { coding: [{ system, code: '4544-3' }], text: 'haematocrit' } })
    expect(compareDocuments(bundle(coded('http://loinc.org')), bundle(coded('urn:tongqu:zhejiang:lab-item'))))
      .toEqual({ kept: { Observation: 2 }, differences: [{ kind: 'changed', field: 'Observation.code.coding[http://loinc.org].system', pointer: '/entry/0/resource/code/coding/0/system', source: 'http://loinc.org', delivered: 'urn:tongqu:zhejiang:lab-item' }] })
  })

  it('knows a resource by its code when its system and its text were lost', () => {
    const operation = (code: string, more: object): Resource => ({ resourceType: 'Procedure', code: { coding: [{ code, ...more }] } })
    const { differences } = compareDocuments(bundle(operation('1', { system: 'urn:a' }), operation('2', { system: 'urn:a' })), bundle(operation('2', {}), operation('1', {})))
    expect(differences.map(d => [d.kind, d.field])).toEqual([['lost', 'Procedure.code.coding[urn:a].system'], ['lost', 'Procedure.code.coding[urn:a].system']])
  })

  it('gathers differences of many entries under one field, and tells which the translation had named', () => {
    const differences = [1, 2, 3].map(i => ({ kind: 'lost' as const, field: `Observation.category[${i}].text`, pointer: `/entry/${i}/resource/category/0/text`, source: `value ${i}` }))
    expect(lossByField([{ differences, declared: ['/entry/1/resource/category', '/entry/2/resource/category/0/text/more', '/entry/30'] }]))
      .toEqual([{ field: 'Observation.category[].text', kind: 'lost', count: 3, declared: 2, example: 'value 1' }])
  })

  it('takes the same instant and the same number for equal, other texts not', () => {
    expect(sameValue('2001-07-10T12:17:10+00:00', '2001-07-10T20:17:10+08:00')).toBe(true)
    expect(sameValue('5.60', '5.6')).toBe(true)
    expect(sameValue('', '0')).toBe(false)
    expect(sameValue('2001-07-10', '2001-07-11')).toBe(false)
  })
})
