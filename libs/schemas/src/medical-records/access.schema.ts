import { Type, type Static } from '@sinclair/typebox'

const text = (max: number) => Type.String({ minLength: 1, maxLength: max })
export const CalendarDate = Type.String({ pattern: '^\\d{4}(-\\d{2}(-\\d{2})?)?$', description: 'FHIR date; may be half known: 1985, 1985-04, 1985-04-12' })
export const Instant = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?(Z|[+-]\\d{2}:\\d{2})$', description: 'FHIR instant with zone' })
export const ProvinceCode = Type.String({ pattern: '^\\d{2}0000$', description: 'GB/T 2260, province level' })

/** Who asks: the person and the organisation (PIPL art. 23; DB35/T 2153-2023). Practitioner's name is personal data too. */
export const Requester = Type.Object({
  practitioner: Type.Object({
    name: text(64),
    id: Type.Optional(text(64)),
    role: Type.Union(['physician', 'nurse', 'officer', 'patient', 'system'].map(r => Type.Literal(r)), { description: 'role of the person who asks' }),
  }, { additionalProperties: false }),
  organization: Type.Object({ code: text(32), name: text(128) }, { additionalProperties: false }),
  department: Type.Optional(text(64)),
}, { additionalProperties: false })

/** Why, and on which ground. Either `legalBasis` or `consent` is required by the rules, not by the schema, so that the answer can name it. */
export const Authorization = Type.Object({
  purpose: Type.Union(['TREAT', 'ETREAT', 'PUBHLTH', 'PATRQT'].map(p => Type.Literal(p)), { description: 'v3-ActReason' }),
  legalBasis: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'code of the legal basis, e.g. PIPL-13-3 (statutory duty), PIPL-13-4 (emergency)' })),
  consent: Type.Optional(Type.Object({
    reference: text(64),
    grantedOn: CalendarDate,
    validUntil: Type.Optional(CalendarDate),
    grantee: Type.Optional(Type.String({ minLength: 1, maxLength: 32, description: 'organisation code the consent was given to; default: the requester’s' })),
  }, { additionalProperties: false })),
  careRelation: Type.Optional(Type.Object({
    kind: Type.Union(['visit', 'referral', 'consultation'].map(k => Type.Literal(k))),
    number: text(64),
  }, { additionalProperties: false })),
}, { additionalProperties: false })

/** DE02.01.*: what the asker knows of the person. Matching rule R1 needs type, number and name. */
export const PersonQuery = Type.Object({
  idType: Type.String({ pattern: '^\\d{2,3}$', description: 'CV02.01.101: 01 resident ID, 02 hukou, 03 passport, 04 officer, 05 driver, 06 HK/MO, 07 TW, 99 other' }),
  idNumber: text(32),
  name: text(64),
  sex: Type.Optional(Type.Union(['0', '1', '2', '9'].map(s => Type.Literal(s)), { description: 'GB/T 2261.1: 0 unknown, 1 male, 2 female, 9 not stated' })),
  birthDate: Type.Optional(CalendarDate),
  phone: Type.Optional(text(20)),
  address: Type.Optional(Type.Object({ text: Type.Optional(text(200)), district: Type.Optional(Type.String({ pattern: '^\\d{6}$' })) }, { additionalProperties: false })),
}, { additionalProperties: false })

export type Requester = Static<typeof Requester>
export type Authorization = Static<typeof Authorization>
export type PersonQuery = Static<typeof PersonQuery>
