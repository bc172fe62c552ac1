import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Authorization, PersonQuery } from '#schemas'
import { accessFaults, decideAccess, type AccessQuestion, type DenyReason } from './access.rules.js'
import { LIN, physician, residentId, treatment } from './record-query/testing/people.js'

const TODAY = '2026-11-24'
const consent = treatment.consent!
const withRole = (role: string, id?: string, name = '郑文彬') => ({ ...physician, practitioner: { name, role: role as never, ...(id && { id }) } })
const treat = (extra: Partial<Authorization['consent'] & object>): Authorization => ({ ...treatment, consent: { ...consent, ...extra } })
const CHILD: PersonQuery = { idType: '01', idNumber: residentId('330329', '2012-11-25', '012'), name: '林小小' }
const YOUTH: PersonQuery = { ...CHILD, idNumber: residentId('330329', '2012-11-24', '012') }

const ask = (q: Partial<AccessQuestion>) => {
  const d = decideAccess({ exchange: 'discover', subject: LIN, requester: physician, authorization: treatment, today: TODAY, ...q })
  return d.effect === 'permit' ? `permit ${d.reason}${d.documentTypes ? ` ${d.documentTypes.join(',')}` : ''}` : `deny ${d.reasons.join(' ')}`
}

describe('access', () => {
  it.each<[string, Partial<AccessQuestion>, string]>([
    ['treatment with consent and visit', {}, 'permit CONSENT_PERMIT'],
    ['nurse', { requester: withRole('nurse') }, 'permit CONSENT_PERMIT'],
    ['officer', { requester: withRole('officer') }, 'deny ROLE_NOT_ALLOWED'],
    ['system', { requester: withRole('system') }, 'deny ROLE_NOT_ALLOWED'],
    ['no care relation', { authorization: { ...treatment, careRelation: undefined } }, 'deny NO_CARE_RELATION'],
    ['no consent', { authorization: { ...treatment, consent: undefined } }, 'deny NO_CONSENT'],
    ['a legal basis is no consent to treatment', { authorization: { ...treatment, consent: undefined, legalBasis: 'PIPL-13-3' } }, 'deny NO_CONSENT'],
    ['not yet valid', { authorization: treat({ grantedOn: '2026-11-25' }) }, 'deny NOT_YET_VALID'],
    ['granted today', { authorization: treat({ grantedOn: TODAY }) }, 'permit CONSENT_PERMIT'],
    ['granted this month', { authorization: treat({ grantedOn: '2026-11' }) }, 'permit CONSENT_PERMIT'],
    ['granted next month', { authorization: treat({ grantedOn: '2026-12' }) }, 'deny NOT_YET_VALID'],
    ['ended yesterday', { authorization: treat({ validUntil: '2026-11-23' }) }, 'deny EXPIRED'],
    ['ends today', { authorization: treat({ validUntil: TODAY }) }, 'permit CONSENT_PERMIT'],
    ['ends this year', { authorization: treat({ validUntil: '2026' }) }, 'permit CONSENT_PERMIT'],
    ['without end', { authorization: treat({ validUntil: undefined }) }, 'permit CONSENT_PERMIT'],
    ['no such day', { authorization: treat({ grantedOn: '2026-02-30' }) }, 'deny EVIDENCE_MISSING'],
    ['to somebody else', { authorization: treat({ grantee: '003607254' }) }, 'deny GRANTEE_MISMATCH'],
    ['grantee not named', { authorization: treat({ grantee: undefined }) }, 'permit CONSENT_PERMIT'],
    ['everything wrong', { requester: withRole('patient'), authorization: { purpose: 'TREAT', consent: { ...consent, grantedOn: '2027', validUntil: '2025', grantee: 'x' } } }, 'deny ROLE_NOT_ALLOWED NO_CARE_RELATION NOT_YET_VALID EXPIRED GRANTEE_MISMATCH'],
    ['emergency', { authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-4' } }, 'permit BREAK_GLASS C0053'],
    ['emergency without its basis', { authorization: { purpose: 'ETREAT' } }, 'deny BG_NOT_ELIGIBLE'],
    ['emergency on another basis', { authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-3' } }, 'deny BG_NOT_ELIGIBLE'],
    ['emergency by a nurse', { requester: withRole('nurse'), authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-4' } }, 'deny ROLE_NOT_ALLOWED'],
    ['public health', { requester: withRole('officer'), authorization: { purpose: 'PUBHLTH', legalBasis: 'PIPL-13-3' } }, 'permit LEGAL_BASIS_PUBHLTH'],
    ['public health without basis', { requester: withRole('officer'), authorization: { purpose: 'PUBHLTH', consent } }, 'deny NO_LEGAL_BASIS'],
    ['public health, documents', { exchange: 'retrieve', requester: withRole('officer'), authorization: { purpose: 'PUBHLTH', legalBasis: 'PIPL-13-3' } }, 'deny NOT_NECESSARY'],
    ['the person itself', { requester: withRole('patient', LIN.idNumber, LIN.name), authorization: { purpose: 'PATRQT' } }, 'permit SUBJECT_ACCESS'],
    ['number written otherwise', { requester: withRole('patient', ` ${LIN.idNumber}`, '林曉梅'), authorization: { purpose: 'PATRQT' } }, 'permit SUBJECT_ACCESS'],
    ['somebody else', { requester: withRole('patient', YOUTH.idNumber, LIN.name), authorization: { purpose: 'PATRQT' } }, 'deny NOT_SUBJECT'],
    ['another name', { requester: withRole('patient', LIN.idNumber, '张伟'), authorization: { purpose: 'PATRQT' } }, 'deny NOT_SUBJECT'],
    ['no number', { requester: withRole('patient', undefined, LIN.name), authorization: { purpose: 'PATRQT' } }, 'deny NOT_SUBJECT'],
    ['14 today', { subject: YOUTH, requester: withRole('patient', YOUTH.idNumber, YOUTH.name), authorization: { purpose: 'PATRQT' } }, 'permit SUBJECT_ACCESS'],
    ['14 tomorrow', { subject: CHILD, requester: withRole('patient', CHILD.idNumber, CHILD.name), authorization: { purpose: 'PATRQT' } }, 'deny NOT_SUBJECT'],
    ['a physician in the person’s name', { requester: withRole('physician', LIN.idNumber, LIN.name), authorization: { purpose: 'PATRQT' } }, 'deny ROLE_NOT_ALLOWED'],
  ])('%s', (_, q, expected) => { expect(ask(q)).toBe(expected) })

  it('permits nothing without a ground, whoever asks for whatever', () => {
    fc.assert(fc.property(fc.constantFrom('TREAT', 'ETREAT', 'PUBHLTH', 'PATRQT'), fc.constantFrom('physician', 'nurse', 'officer', 'patient', 'system'), fc.constantFrom('discover', 'list', 'retrieve'),
      (purpose, role, exchange) => ask({ exchange: exchange as never, requester: withRole(role), authorization: { purpose: purpose as never, careRelation: treatment.careRelation } }).startsWith('deny')))
  })

  it('tells every reason in both languages, with its place', () => {
    const reasons: DenyReason[] = ['NO_CARE_RELATION', 'GRANTEE_MISMATCH']
    expect(accessFaults(reasons)).toEqual([
      { code: 'ACCESS_DENIED', pointer: '/authorization/careRelation', zh: '未获准调阅该患者信息：NO_CARE_RELATION 诊疗目的须注明就诊、转诊或会诊', en: expect.stringMatching(/: NO_CARE_RELATION treatment needs a visit/) },
      { code: 'ACCESS_DENIED', pointer: '/authorization/consent/grantee', zh: expect.stringContaining('知情同意并非授予该机构'), en: expect.stringContaining('given to another organisation') },
    ])
  })
})
