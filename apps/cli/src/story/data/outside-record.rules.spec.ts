import { describe, expect, it } from '@jest/globals'
import { Ajv } from 'ajv'
import { identitySamples, parseResidentId } from '#identity'
import { labReport, type DocumentBundle } from '#schemas'
import type { Resource } from './comparison.rules.js'
import { readOutsideRecord, type OutsideBundle } from './outside-record.rules.js'

const entry = (resource: Resource) => ({ fullUrl: `urn:uuid:${resource.id as string}`, resource })
const ref = (id: string) => ({ reference: `urn:uuid:${id}` })
const coded = (code: string, text: string) => ({ coding: [{ system: 'http://loinc.org', code, display: text }], text })
const patient: Resource = { resourceType: 'Patient', id: 'p', identifier: [{ system: 'urn:other', value: 'MR-1' }], name: [{ family: 'Doe', given: ['Ada', 'B.'] }], gender: 'female', birthDate: '1985-04-12' }
const encounter = (id: string, kind: string, start: string): Resource => ({ resourceType: 'Encounter', id, status: 'finished', class: { code: kind }, period: { start, end: start }, serviceProvider: ref('o'), participant: [{ individual: ref('d') }] })
const condition = (id: string, during: string): Resource => ({ resourceType: 'Condition', id, subject: ref('p'), encounter: ref(during), code: { text: `condition ${id}` } })
const observation = (id: string, value?: number): Resource => ({ resourceType: 'Observation', id, status: 'final', subject: ref('p'), code: coded(id, `item ${id}`), ...(value !== undefined && { valueQuantity: { value, unit: 'mg/dL' } }) })
const report: Resource = {
  resourceType: 'DiagnosticReport', id: 'r', status: 'final', category: [{ coding: [{ code: 'LAB' }] }], code: coded('57698-3', 'Lipid Panel'), subject: ref('p'), encounter: ref('visit'),
  issued: '2001-07-10T12:17:10.817+00:00', result: [ref('chol'), ref('note')],
}
const people: Resource[] = [patient, { resourceType: 'Organization', id: 'o', name: 'Hospital' }, { resourceType: 'Practitioner', id: 'd', name: [{ family: 'Roe' }] }]
const bundle = (...more: Resource[]): OutsideBundle => ({ resourceType: 'Bundle', entry: [...people, ...more].map(entry) })

const samples = identitySamples(20261102)
const read = (b: unknown) => readOutsideRecord(b, about => samples.residentId(about))
const record = (b: unknown) => {
  const reading = read(b)
  if (!reading.ok) throw new Error(reading.reason)
  return reading.record
}
const types = (d: DocumentBundle | undefined) => d?.entry.map(e => e.resource.resourceType)

describe('documents from an outside bundle', () => {
  it('gives the patient a resident ID that agrees with birth and sex, and one text for the name', () => {
    const { patient: made } = record(bundle())
    const reading = parseResidentId(made.identifier[0]!.value, '2026-11-02')
    expect(reading).toMatchObject({ ok: true, id: { birthDate: '1985-04-12', sex: '2' } })
    expect(made.name[0]!.text).toBe('Ada B. Doe')
  })

  it('makes a laboratory document whose references hold, with the source’s resources unchanged', () => {
    const [document] = record(bundle(encounter('visit', 'AMB', '2001-07-10T12:00:00Z'), report, observation('chol', 190), observation('note'))).labReports
    expect(types(document)).toEqual(['Composition', 'Patient', 'Encounter', 'Organization', 'Practitioner', 'DiagnosticReport', 'Observation'])
    expect(document!.entry[5]!.resource).toEqual(report)
    const named = new Set(document!.entry.map(e => e.fullUrl))
    const composition = document!.entry[0]!.resource as unknown as { subject: { reference: string }; section: { entry: { reference: string }[] }[] }
    for (const reference of [composition.subject.reference, ...composition.section.flatMap(s => s.entry.map(e => e.reference))]) expect(named).toContain(reference)
    expect(new Ajv({ strict: false }).validate(labReport.schema, document)).toBe(true)
  })

  it('makes no document of a report without a single value', () => {
    expect(record(bundle(report, observation('chol'), observation('note'))).labReports).toEqual([])
  })

  it('summarises the newest stay in hospital, before emergencies and visits', () => {
    const summary = record(bundle(
      encounter('old', 'IMP', '2001-01-01T08:00:00Z'), encounter('stay', 'IMP', '2005-01-01T08:00:00Z'), encounter('er', 'EMER', '2020-01-01T08:00:00Z'),
      condition('1', 'stay'), condition('2', 'er'), { resourceType: 'Procedure', id: 'op', status: 'completed', subject: ref('p'), encounter: ref('stay'), code: { text: 'operation' } },
    )).summary
    expect(types(summary)).toEqual(['Composition', 'Patient', 'Encounter', 'Organization', 'Practitioner', 'Condition', 'Procedure'])
    expect(summary!.identifier.value).toBe('CY-stay')
  })

  it('takes the newest visit with a diagnosis when nobody stayed, and none when there is nothing to tell', () => {
    expect(record(bundle(encounter('a', 'AMB', '2001-01-01T08:00:00Z'), encounter('b', 'AMB', '2002-01-01T08:00:00Z'), condition('1', 'a'))).summary?.identifier.value).toBe('CY-a')
    expect(record(bundle(encounter('a', 'AMB', '2001-01-01T08:00:00Z'))).summary).toBeUndefined()
  })

  it('names why a bundle tells of nobody', () => {
    expect(read(null)).toEqual({ ok: false, reason: 'NO_BUNDLE' })
    expect(read({ resourceType: 'Bundle' })).toEqual({ ok: false, reason: 'NO_PATIENT' })
    expect(read(bundle({ ...patient, id: 'q' }))).toEqual({ ok: false, reason: 'SEVERAL_PATIENTS' })
    const only = (change: object) => read({ resourceType: 'Bundle', entry: [entry({ ...patient, ...change } as Resource)] })
    expect(only({ name: [{}] })).toEqual({ ok: false, reason: 'NO_NAME' })
    expect(only({ birthDate: '1985' })).toEqual({ ok: false, reason: 'NO_BIRTH_DATE' })
    expect(only({ gender: 'unknown' })).toEqual({ ok: false, reason: 'NO_SEX' })
  })
})
