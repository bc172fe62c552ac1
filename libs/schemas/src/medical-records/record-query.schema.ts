import { Type, type Static } from '@sinclair/typebox'
import { defineSchema } from '../exchange.js'
import { Authorization, CalendarDate, PersonQuery, ProvinceCode, Requester } from './access.schema.js'
import { DocumentReference, Patient } from './fhir.schema.js'

const O = Type.Optional
const text = (max: number) => Type.String({ minLength: 1, maxLength: max })
const closed = { additionalProperties: false } as const
const reason = Type.Union(['TIMEOUT', 'UNAVAILABLE', 'ANSWER_INVALID', 'FAULT', 'NOT_RESOLVED'].map(r => Type.Literal(r)))

/** XCPD's five answers of discovery, told apart (IHE ITI TF-2, ITI-55). */
export const DISCOVERY_ANSWERS = ['match', 'several', 'need-attributes', 'none', 'fault'] as const
const discoveryAnswer = Type.Union(DISCOVERY_ANSWERS.map(a => Type.Literal(a)))
/** A province that did not answer, or not usably. Named always: a partial result is never silently complete. */
export const Missing = Type.Object({ province: ProvinceCode, reason, text: O(text(200)) }, closed)

export const DiscoverRequest = Type.Object({
  person: PersonQuery, requester: Requester, authorization: Authorization,
  targets: Type.Array(ProvinceCode, { minItems: 1, maxItems: 34, uniqueItems: true }),
  note: O(text(400)),
}, closed)
/** What one holder says. Candidates of `several` stay inside the gateway: only a certain one is told to the asker. */
export const DiscoverAnswer = Type.Object({
  answer: discoveryAnswer,
  candidates: Type.Array(Patient, { maxItems: 20 }),
  truncated: O(Type.Boolean({ description: 'the holder’s search was cut short: then nobody is certain' })),
  attributesWanted: O(Type.Array(text(64), { maxItems: 10 })),
  fault: O(Type.Object({ code: text(32), text: O(text(200)) }, closed)),
}, closed)
export const DiscoverResult = Type.Object({
  complete: Type.Boolean({ description: 'every target answered' }),
  provinces: Type.Array(Type.Object({
    province: ProvinceCode, answer: discoveryAnswer,
    certainty: O(Type.Union(['certain', 'review', 'no'].map(c => Type.Literal(c)))),
    rule: O(text(8)),
    patient: O(Patient),
    attributesWanted: O(Type.Array(text(64))),
    text: O(text(200)),
  }, closed)),
  missing: Type.Array(Missing),
}, closed)

/** Targets are the case's resolved provinces, or the named ones among them. */
export const ListRequest = Type.Object({
  /** The holder's own identifier of the person, filled in by the gateway from discovery; a sender leaves it out. */
  patientIdentifier: O(text(64)),
  requester: Requester, authorization: Authorization,
  targets: O(Type.Array(ProvinceCode, { minItems: 1, maxItems: 34, uniqueItems: true })),
  categories: O(Type.Array(Type.String({ pattern: '^C\\d{4}$', description: 'WS/T 500 document code, e.g. C0007' }), { maxItems: 60 })),
  from: O(CalendarDate), to: O(CalendarDate),
}, closed)
export const ListAnswer = Type.Object({
  documents: Type.Array(DocumentReference, { maxItems: 2000 }),
  fault: O(Type.Object({ code: text(32), text: O(text(200)) }, closed)),
}, closed)
export const ListResult = Type.Object({
  complete: Type.Boolean(),
  provinces: Type.Array(Type.Object({ province: ProvinceCode, documents: Type.Array(DocumentReference) }, closed)),
  missing: Type.Array(Missing),
}, closed)

export const RetrieveRequest = Type.Object({
  patientIdentifier: O(text(64)),
  documentId: text(64),
  documentType: O(Type.String({ pattern: '^C\\d{4}$' })),
  requester: Requester, authorization: Authorization,
  targets: Type.Array(ProvinceCode, { minItems: 1, maxItems: 1 }),
}, closed)
export const RetrieveFault = Type.Object({ fault: Type.Object({ code: text(32), text: O(text(200)) }, closed) }, closed)

export const discoverRequest = defineSchema('discover-request', 1, { zh: '患者查询请求', en: 'Patient discovery request' }, DiscoverRequest)
export const discoverAnswer = defineSchema('discover-answer', 1, { zh: '患者查询应答', en: 'Patient discovery answer of one province' }, DiscoverAnswer)
export const discoverResult = defineSchema('discover-result', 1, { zh: '患者查询结果', en: 'Patient discovery result' }, DiscoverResult)
export const listRequest = defineSchema('list-request', 1, { zh: '文档目录请求', en: 'Document list request' }, ListRequest)
export const listAnswer = defineSchema('list-answer', 1, { zh: '文档目录应答', en: 'Document list answer of one province' }, ListAnswer)
export const listResult = defineSchema('list-result', 1, { zh: '文档目录结果', en: 'Document list result' }, ListResult)
export const retrieveRequest = defineSchema('retrieve-request', 1, { zh: '文档调阅请求', en: 'Document retrieval request' }, RetrieveRequest)
export const retrieveFault = defineSchema('retrieve-fault', 1, { zh: '文档调阅失败应答', en: 'Document retrieval refusal' }, RetrieveFault)

export type DiscoverRequest = Static<typeof DiscoverRequest>
export type DiscoverAnswer = Static<typeof DiscoverAnswer>
export type DiscoverResult = Static<typeof DiscoverResult>
export type ListRequest = Static<typeof ListRequest>
export type ListAnswer = Static<typeof ListAnswer>
export type ListResult = Static<typeof ListResult>
export type RetrieveRequest = Static<typeof RetrieveRequest>
export type RetrieveFault = Static<typeof RetrieveFault>
export type Missing = Static<typeof Missing>
