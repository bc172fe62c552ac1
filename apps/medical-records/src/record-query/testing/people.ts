import type { Authorization, DiscoverAnswer, DocumentBundle, DocumentReference, Patient, PersonQuery, Requester } from '#schemas'

/** Invented people and what holders say of them, for specs. */

export function residentId(district: string, birth: string, sequence: string): string {
  const body = district + birth.replaceAll('-', '') + sequence
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  return body + '10X98765432'[weights.reduce((sum, w, i) => sum + w * Number(body[i]), 0) % 11]
}

export const LIN: PersonQuery = { idType: '01', idNumber: residentId('330329', '1985-04-12', '012'), name: '林晓梅', sex: '2', birthDate: '1985-04-12' }
export const OTHER_NUMBER = residentId('350902', '1979-08-01', '031')

export const physician: Requester = { practitioner: { name: '郑文彬', id: 'ND-1142', role: 'physician' }, organization: { code: '488250168', name: '宁德市示范医院' } }
export const treatment: Authorization = {
  purpose: 'TREAT', careRelation: { kind: 'visit', number: 'MZ2611021130' },
  consent: { reference: 'FJ-CONSENT-1', grantedOn: '2026-11-02', validUntil: '2099-12-31', grantee: '488250168' },
}

const RESIDENT_SYSTEM = 'urn:oid:2.16.156.10011.1.3'
export function patientOf(person: Partial<PersonQuery>, index: string): Patient {
  return {
    resourceType: 'Patient',
    identifier: [
      { system: 'urn:oid:2.999.1', value: index },
      ...(person.idNumber ? [{ system: RESIDENT_SYSTEM, type: { coding: [{ code: person.idType ?? '01' }] }, value: person.idNumber }] : []),
    ],
    name: [{ text: person.name ?? '-' }],
    ...(person.sex && { gender: person.sex === '1' ? 'male' : person.sex === '2' ? 'female' : 'unknown' }), ...(person.birthDate && { birthDate: person.birthDate }),
    ...(person.phone && { telecom: [{ system: 'phone', value: person.phone }] }), ...(person.address && { address: [{ text: person.address.text }] }),
  }
}

export const match = (...candidates: Patient[]): DiscoverAnswer => ({ answer: 'match', candidates })
export const several = (...candidates: Patient[]): DiscoverAnswer => ({ answer: 'several', candidates })

export function listed(id: string, extra: Partial<DocumentReference> = {}, code = 'C0007'): DocumentReference {
  return { resourceType: 'DocumentReference', masterIdentifier: { value: id }, status: 'current', type: { coding: [{ code }] }, content: [{ attachment: {} }], ...extra }
}

export function documentOf(id: string, patient: Patient, extra: readonly object[] = [], composition: object = {}): DocumentBundle {
  return {
    resourceType: 'Bundle', type: 'document', identifier: { value: id }, timestamp: '2026-09-16T01:05:00Z',
    entry: [
      { fullUrl: 'urn:uuid:c', resource: { resourceType: 'Composition', status: 'final', subject: { reference: 'urn:uuid:p' }, ...composition } as { resourceType: string } },
      { fullUrl: 'urn:uuid:p', resource: patient as never },
      ...extra.map((resource, i) => ({ fullUrl: `urn:uuid:${i}`, resource: resource as { resourceType: string } })),
    ],
  }
}
