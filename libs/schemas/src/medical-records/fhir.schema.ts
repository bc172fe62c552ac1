import { Type, type Static, type TObject } from '@sinclair/typebox'
import { CalendarDate, Instant } from './access.schema.js'

/**
 * FHIR R4 (4.0.1) resources as far as this gateway carries them: required elements of the base resources, the elements of the summary's
 * shape (IPS 1.1.0) and thin extensions of our own. Elements outside this list may be present and travel on unread.
 */
const open = { additionalProperties: true } as const
const text = (max = 512) => Type.String({ minLength: 1, maxLength: max })
const O = Type.Optional

export const Coding = Type.Object({ system: O(text()), code: O(text(64)), display: O(text()), version: O(text(64)) }, open)
export const CodeableConcept = Type.Object({ coding: O(Type.Array(Coding, { minItems: 1, maxItems: 20 })), text: O(text(2000)) }, open)
export const Identifier = Type.Object({ use: O(text(16)), type: O(CodeableConcept), system: O(text()), value: text(128) }, open)
export const Reference = Type.Object({ reference: O(text()), display: O(text()), identifier: O(Identifier) }, open)
export const Extension = Type.Object({ url: text() }, open)
export const HumanName = Type.Object({ use: O(text(16)), text: O(text(128)), family: O(text(64)), given: O(Type.Array(text(64))) }, open)
export const Period = Type.Object({ start: O(text(32)), end: O(text(32)) }, open)
export const Quantity = Type.Object({ value: O(Type.Number()), comparator: O(Type.Union(['<', '<=', '>=', '>'].map(c => Type.Literal(c)))), unit: O(text(64)), system: O(text()), code: O(text(64)) }, open)

const resource = <T extends Record<string, unknown>>(resourceType: string, properties: T) =>
  Type.Object({ resourceType: Type.Literal(resourceType), id: O(text(64)), meta: O(Type.Object({}, open)), extension: O(Type.Array(Extension)), ...(properties as object) } as never, open) as TObject

export const Patient = Type.Object({
  resourceType: Type.Literal('Patient'), id: O(text(64)), extension: O(Type.Array(Extension)),
  identifier: Type.Array(Identifier, { minItems: 1, maxItems: 20 }),
  name: Type.Array(HumanName, { minItems: 1, maxItems: 10 }),
  gender: O(Type.Union(['male', 'female', 'other', 'unknown'].map(g => Type.Literal(g)))),
  birthDate: O(CalendarDate),
  telecom: O(Type.Array(Type.Object({ system: O(text(16)), value: O(text(64)) }, open))),
  address: O(Type.Array(Type.Object({ text: O(text()), district: O(text(64)), state: O(text(64)) }, open))),
}, open)

export const Organization = resource('Organization', { identifier: O(Type.Array(Identifier)), name: O(text()) })
export const Practitioner = resource('Practitioner', { identifier: O(Type.Array(Identifier)), name: O(Type.Array(HumanName)) })
export const Encounter = resource('Encounter', {
  identifier: O(Type.Array(Identifier)), status: text(16), class: Coding, period: O(Period), serviceType: O(CodeableConcept),
  serviceProvider: O(Reference), subject: O(Reference),
})
export const Observation = resource('Observation', {
  status: text(20), code: CodeableConcept, subject: O(Reference), effectiveDateTime: O(text(32)),
  valueQuantity: O(Quantity), valueString: O(text(4000)), valueCodeableConcept: O(CodeableConcept),
  interpretation: O(Type.Array(CodeableConcept)),
  referenceRange: O(Type.Array(Type.Object({ low: O(Quantity), high: O(Quantity), text: O(text()) }, open))),
})
export const DiagnosticReport = resource('DiagnosticReport', {
  identifier: O(Type.Array(Identifier)), status: text(20), code: CodeableConcept, subject: O(Reference), effectiveDateTime: O(text(32)),
  issued: O(Instant), performer: O(Type.Array(Reference)), specimen: O(Type.Array(Reference)), result: O(Type.Array(Reference)), conclusion: O(text(4000)),
})
export const Specimen = resource('Specimen', { type: O(CodeableConcept), receivedTime: O(text(32)), collection: O(Type.Object({}, open)) })
export const Condition = resource('Condition', { code: O(CodeableConcept), subject: Reference, category: O(Type.Array(CodeableConcept)), recordedDate: O(text(32)) })
export const Procedure = resource('Procedure', { status: text(20), code: O(CodeableConcept), subject: Reference, performedDateTime: O(text(32)) })

export const Composition = resource('Composition', {
  identifier: O(Identifier), status: text(20), type: CodeableConcept, subject: Reference, encounter: O(Reference), date: text(32),
  author: Type.Array(Reference, { minItems: 1 }), title: text(),
  confidentiality: O(text(4)), custodian: O(Reference),
  relatesTo: O(Type.Array(Type.Object({ code: text(16) }, open))),
  section: O(Type.Array(Type.Object({ title: O(text()), code: O(CodeableConcept), text: O(Type.Object({}, open)), entry: O(Type.Array(Reference)) }, open))),
})

export const DocumentReference = Type.Object({
  resourceType: Type.Literal('DocumentReference'), id: O(text(64)),
  masterIdentifier: Identifier,
  status: Type.Union(['current', 'superseded', 'entered-in-error'].map(s => Type.Literal(s))),
  type: CodeableConcept, category: O(Type.Array(CodeableConcept)),
  date: O(Instant), author: O(Type.Array(Reference)), custodian: O(Reference), description: O(text()),
  relatesTo: O(Type.Array(Type.Object({}, open))),
  content: Type.Array(Type.Object({ attachment: Type.Object({ contentType: O(text(64)), hash: O(text(128)), title: O(text()) }, open) }, open), { minItems: 1 }),
  context: O(Type.Object({ encounter: O(Type.Array(Reference)), period: O(Period) }, open)),
}, open)

/** A document: Composition first, every other resource behind it, references by `urn:uuid:` or `Type/id`. */
export const DocumentBundle = Type.Object({
  resourceType: Type.Literal('Bundle'), id: O(text(64)), type: Type.Literal('document'), identifier: Identifier, timestamp: Instant,
  entry: Type.Array(Type.Object({ fullUrl: text(), resource: Type.Object({ resourceType: text(64) }, open) }, open), { minItems: 2, maxItems: 2000 }),
}, open)

export type Patient = Static<typeof Patient>
export type DocumentReference = Static<typeof DocumentReference>
export type DocumentBundle = Static<typeof DocumentBundle>
