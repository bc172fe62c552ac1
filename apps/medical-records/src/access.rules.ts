import { isCalendarDay } from '#identity'
import { fault, type Fault } from '#kernel'
import type { Authorization, PersonQuery, Purpose, Requester } from '#schemas'
import { identityNumber } from './record-query/identity-number.rules.js'
import { personName, sameName } from './record-query/person-name.rules.js'

/**
 * May this requester see this person's records, for this purpose, today? Default deny; the reasons are told all at once, in the order of
 * the decision: role, care relation, then the ground that the purpose stands on.
 *
 * Not decided here, because the messages of record query do not carry it: withdrawal, frequency, data types, period and evidence of a
 * consent (only its reference, dates and grantee travel); whether a guardian signed for a child under 14; guardians who ask for a child
 * (NOT_SUBJECT); the notified disease behind PUBHLTH, so documents stay closed to it (NOT_NECESSARY); break-glass sessions and their
 * review; sensitive classes; whether the organisation is a disease-control body (the role `officer` stands for it).
 * Whether the participant may speak for the requester's organisation is the gateway's question.
 */
export const ACCESS_RULES_VERSION = 1

export type PermitReason = 'CONSENT_PERMIT' | 'LEGAL_BASIS_PUBHLTH' | 'BREAK_GLASS' | 'SUBJECT_ACCESS'
export type DenyReason = 'ROLE_NOT_ALLOWED' | 'NO_CARE_RELATION' | 'NOT_SUBJECT' | 'NO_LEGAL_BASIS' | 'NOT_NECESSARY' | 'BG_NOT_ELIGIBLE'
  | 'NO_CONSENT' | 'EVIDENCE_MISSING' | 'NOT_YET_VALID' | 'EXPIRED' | 'GRANTEE_MISMATCH'

export type AccessDecision =
  /** `documentTypes`: only these WS/T 500 codes are necessary for the purpose; absent: no limit. */
  | { readonly effect: 'permit'; readonly reason: PermitReason; readonly documentTypes?: readonly string[] }
  | { readonly effect: 'deny'; readonly reasons: readonly [DenyReason, ...DenyReason[]] }

export interface AccessQuestion {
  readonly exchange: 'discover' | 'list' | 'retrieve'
  readonly subject: PersonQuery
  readonly requester: Requester
  readonly authorization: Authorization
  /** Business day, YYYY-MM-DD. */
  readonly today: string
}

/** Who may ask for a purpose at all. */
const ROLES: Readonly<Record<Purpose, readonly string[]>> = { TREAT: ['physician', 'nurse'], ETREAT: ['physician'], PUBHLTH: ['officer'], PATRQT: ['patient'] }

/** Codes of the legal bases that carry a purpose: PIPL art. 13, item 3 statutory duty, item 4 public-health emergency or life and health. */
const LEGAL_BASES: Readonly<Record<'ETREAT' | 'PUBHLTH', readonly string[]>> = { ETREAT: ['PIPL-13-4'], PUBHLTH: ['PIPL-13-3', 'PIPL-13-4'] }

/** Of the minimum data set of an emergency, these documents can be told apart by their type: the discharge summary (WS/T 500 part 53). */
export const EMERGENCY_DOCUMENT_TYPES: readonly string[] = ['C0053']
const AGE_OF_OWN_ACCESS_YEARS = 14

export function decideAccess(q: AccessQuestion): AccessDecision {
  const reasons: DenyReason[] = []
  const purpose = q.authorization.purpose as Purpose
  if (!ROLES[purpose].includes(q.requester.practitioner.role)) reasons.push('ROLE_NOT_ALLOWED')
  switch (purpose) {
    case 'PATRQT':
      if (!isSubject(q)) reasons.push('NOT_SUBJECT')
      return decided(reasons, { effect: 'permit', reason: 'SUBJECT_ACCESS' })
    case 'PUBHLTH':
      if (!hasBasis(q, purpose)) reasons.push('NO_LEGAL_BASIS')
      if (q.exchange !== 'discover') reasons.push('NOT_NECESSARY')
      return decided(reasons, { effect: 'permit', reason: 'LEGAL_BASIS_PUBHLTH' })
    case 'ETREAT':
      if (!hasBasis(q, purpose)) reasons.push('BG_NOT_ELIGIBLE')
      return decided(reasons, { effect: 'permit', reason: 'BREAK_GLASS', documentTypes: EMERGENCY_DOCUMENT_TYPES })
    case 'TREAT':
      if (!q.authorization.careRelation) reasons.push('NO_CARE_RELATION')
      reasons.push(...consentReasons(q))
      return decided(reasons, { effect: 'permit', reason: 'CONSENT_PERMIT' })
  }
}

const decided = (reasons: DenyReason[], permit: AccessDecision): AccessDecision => {
  const [first, ...rest] = reasons
  return first ? { effect: 'deny', reasons: [first, ...rest] } : permit
}

const hasBasis = (q: AccessQuestion, purpose: 'ETREAT' | 'PUBHLTH'): boolean => LEGAL_BASES[purpose].includes(q.authorization.legalBasis ?? '')

/** The person asks about itself: own document number and name, and old enough to ask alone. */
function isSubject({ subject, requester, today }: AccessQuestion): boolean {
  const { id, name } = requester.practitioner
  if (!id || !sameName(personName(name), personName(subject.name))) return false
  const own = identityNumber(subject.idType, subject.idNumber, today)
  const birth = own.birthDate ?? subject.birthDate
  return own.usable && identityNumber(subject.idType, id, today).number === own.number && birth?.length === 10 && birth <= yearsBefore(today, AGE_OF_OWN_ACCESS_YEARS)
}

function consentReasons({ authorization: { consent }, requester, today }: AccessQuestion): DenyReason[] {
  if (!consent) return ['NO_CONSENT']
  const reasons: DenyReason[] = []
  if (!isDate(consent.grantedOn) || consent.validUntil !== undefined && !isDate(consent.validUntil)) reasons.push('EVIDENCE_MISSING')
  // half-known dates are read generously: a month is begun on its first day and over after its last
  if (consent.grantedOn > today.slice(0, consent.grantedOn.length)) reasons.push('NOT_YET_VALID')
  if (consent.validUntil !== undefined && consent.validUntil < today.slice(0, consent.validUntil.length)) reasons.push('EXPIRED')
  if (consent.grantee !== undefined && consent.grantee !== requester.organization.code) reasons.push('GRANTEE_MISMATCH')
  return reasons
}

const REST_OF_DATE: Readonly<Record<number, string>> = { 4: '-01-01', 7: '-01', 10: '' }
const isDate = (text: string): boolean => isCalendarDay(text + REST_OF_DATE[text.length])
const yearsBefore = (day: string, years: number): string => `${String(Number(day.slice(0, 4)) - years).padStart(4, '0')}${day.slice(4)}`

/** Each reason in words, with the place in the canonical request that it speaks of. */
const DENIALS: Readonly<Record<DenyReason, { readonly pointer: string; readonly zh: string; readonly en: string }>> = {
  ROLE_NOT_ALLOWED: { pointer: '/requester/practitioner/role', zh: '该角色不得以此目的调阅', en: 'this role may not ask for this purpose' },
  NO_CARE_RELATION: { pointer: '/authorization/careRelation', zh: '诊疗目的须注明就诊、转诊或会诊', en: 'treatment needs a visit, referral or consultation' },
  NOT_SUBJECT: { pointer: '/requester/practitioner/id', zh: '请求人不是本人，或未满十四周岁', en: 'the requester is not the person concerned, or is under 14' },
  NO_LEGAL_BASIS: { pointer: '/authorization/legalBasis', zh: '公共卫生目的须有法定依据', en: 'public health needs a legal basis' },
  NOT_NECESSARY: { pointer: '/authorization/purpose', zh: '超出该目的所必需的范围', en: 'not necessary for this purpose' },
  BG_NOT_ELIGIBLE: { pointer: '/authorization/legalBasis', zh: '紧急调阅须有紧急救治依据', en: 'an emergency look-up needs the emergency as its legal basis' },
  NO_CONSENT: { pointer: '/authorization/consent', zh: '缺少患者知情同意', en: 'there is no consent of the patient' },
  EVIDENCE_MISSING: { pointer: '/authorization/consent', zh: '知情同意的日期不存在', en: 'the consent carries a date that does not exist' },
  NOT_YET_VALID: { pointer: '/authorization/consent/grantedOn', zh: '知情同意尚未生效', en: 'the consent is not yet valid' },
  EXPIRED: { pointer: '/authorization/consent/validUntil', zh: '知情同意已过期', en: 'the consent has expired' },
  GRANTEE_MISMATCH: { pointer: '/authorization/consent/grantee', zh: '知情同意并非授予该机构', en: 'the consent was given to another organisation' },
}

/** One fault per reason; the reason's code leads the text. */
export const accessFaults = (reasons: readonly DenyReason[]): Fault[] => reasons.map(reason => {
  const { pointer, zh, en } = DENIALS[reason]
  return fault(reason === 'NO_CONSENT' || reason === 'NO_LEGAL_BASIS' ? 'BASIS_MISSING' : 'ACCESS_DENIED', pointer, { zh: `${reason} ${zh}`, en: `${reason} ${en}` })
})
