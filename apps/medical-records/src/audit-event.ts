import type { Asker } from './record-query/record-query.case.js'

/**
 * FHIR R4 AuditEvent of one query or one disclosure, after IHE's basic audit log patterns: who asked (person and organisation), why, on
 * which ground, about whom (keyed hash, never the number), what left from where, and how it ended.
 */
export interface AuditedAccess {
  readonly kind: 'query' | 'disclosure'
  readonly exchange: 'discover' | 'list' | 'retrieve'
  readonly exchangeId: string
  readonly caseId: string
  readonly asker: Asker
  /** Absent when no case says who is meant. */
  readonly personKey?: string
  readonly provinces: readonly string[]
  readonly documentId?: string
  /** Reason codes of a denial; absent: permitted. */
  readonly denied?: readonly string[]
  readonly at: Date
}

const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType'
const ROLE = 'http://terminology.hl7.org/CodeSystem/object-role'
const ENTITY = 'http://terminology.hl7.org/CodeSystem/audit-entity-type'
const TYPES = { query: { system: DCM, code: '110112', display: 'Query' }, disclosure: { system: DCM, code: '110106', display: 'Export' } } as const
const DISCLOSE = { system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'disclose', display: 'Disclose Record Lifecycle Event' }
const EMERGENCY = { system: DCM, code: '110127', display: 'Emergency Override Started' }
/** Cross-gateway transactions of IHE ITI that the exchanges correspond to. */
const TRANSACTIONS = {
  discover: { system: 'urn:ihe:event-type-code', code: 'ITI-55', display: 'Cross Gateway Patient Discovery' },
  list: { system: 'urn:ihe:event-type-code', code: 'ITI-38', display: 'Cross Gateway Query' },
  retrieve: { system: 'urn:ihe:event-type-code', code: 'ITI-39', display: 'Cross Gateway Retrieve' },
} as const

export function auditEvent(a: AuditedAccess): Readonly<Record<string, unknown>> {
  const { requester: { practitioner, organization }, authorization: { purpose, consent, legalBasis, careRelation } } = a.asker
  const entity = (type: string, role: string, what: object) => ({ type: { system: ENTITY, code: type }, role: { system: ROLE, code: role }, what })
  const named = (value: string, display?: string) => ({ identifier: { value }, ...(display && { display }) })
  return {
    resourceType: 'AuditEvent', type: TYPES[a.kind],
    subtype: [TRANSACTIONS[a.exchange], ...(a.kind === 'disclosure' ? [DISCLOSE] : []), ...(purpose === 'ETREAT' ? [EMERGENCY] : [])],
    action: a.kind === 'query' ? 'E' : 'R', recorded: a.at.toISOString(),
    // FHIR R4 audit-event-outcome: 4 is a minor failure, an action that was refused
    outcome: a.denied ? '4' : '0', ...(a.denied && { outcomeDesc: a.denied.join(' ') }),
    purposeOfEvent: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose }] }],
    agent: [
      {
        type: { coding: [{ system: PARTICIPATION, code: 'IRCP' }] }, role: [{ text: practitioner.role }], requestor: true,
        who: { ...(practitioner.id && { identifier: { value: practitioner.id } }), display: practitioner.name },
        ...(legalBasis && { policy: [legalBasis] }),
      },
      { type: { coding: [{ system: DCM, code: '110152', display: 'Destination Role ID' }] }, requestor: false, who: named(organization.code, organization.name) },
      ...a.provinces.map(p => ({ type: { coding: [{ system: DCM, code: '110153', display: 'Source Role ID' }] }, requestor: false, who: named(p) })),
    ],
    source: { observer: { display: 'Tongqu medical-records' }, type: [{ system: 'http://terminology.hl7.org/CodeSystem/security-source-type', code: '4', display: 'Application Server' }] },
    entity: [
      ...(a.personKey ? [entity('1', '1', named(a.personKey))] : []), entity('2', '24', named(a.exchangeId, `case ${a.caseId}`)),
      ...(a.documentId ? [entity('2', '3', named(a.documentId))] : []), ...(consent ? [entity('2', '4', named(consent.reference, 'Consent'))] : []),
      ...(careRelation ? [entity('2', '4', named(careRelation.number, careRelation.kind))] : []),
    ],
  }
}
