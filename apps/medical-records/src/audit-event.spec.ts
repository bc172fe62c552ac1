import { describe, expect, it } from '@jest/globals'
import { auditEvent, type AuditedAccess } from './audit-event.js'
import { physician, treatment } from './record-query/testing/people.js'

const access: AuditedAccess = {
  kind: 'query', exchange: 'retrieve', exchangeId: 'e-1', caseId: 'c-1', asker: { requester: physician, authorization: treatment }, personKey: 'f00d', provinces: ['330000'], documentId: 'D1', at: new Date('2026-11-24T08:00:00Z'),
}
interface Shape { type: { code: string }; subtype: { code: string }[]; action: string; outcome: string; outcomeDesc?: string; recorded: string; purposeOfEvent: { coding: { code: string }[] }[]; agent: { requestor: boolean; who: object; policy?: string[] }[]; source: { observer: object }; entity: { role: { code: string }; what: { identifier: { value: string } } }[] }
const event = (extra: Partial<AuditedAccess> = {}) => auditEvent({ ...access, ...extra }) as unknown as Shape

describe('AuditEvent', () => {
  it('has every element that FHIR R4 requires, and says who, why, about whom and on which ground', () => {
    const e = event()
    expect(e).toMatchObject({ resourceType: 'AuditEvent', type: { code: '110112' }, subtype: [{ code: 'ITI-39' }], action: 'E', outcome: '0', recorded: '2026-11-24T08:00:00.000Z', purposeOfEvent: [{ coding: [{ code: 'TREAT' }] }] })
    expect(e.agent.map(a => a.requestor)).toEqual([true, false, false])
    expect(e.agent[0]!.who).toEqual({ identifier: { value: 'ND-1142' }, display: '郑文彬' })
    expect(e.source.observer).toBeDefined()
    expect(e.entity.map(x => [x.role.code, x.what.identifier.value])).toEqual([['1', 'f00d'], ['24', 'e-1'], ['3', 'D1'], ['4', 'FJ-CONSENT-1'], ['4', 'MZ2611021130']])
  })
  it('records a disclosure as an export', () => { expect(event({ kind: 'disclosure' })).toMatchObject({ type: { code: '110106' }, subtype: [{ code: 'ITI-39' }, { code: 'disclose' }], action: 'R' }) })
  it('records a denial with its reasons', () => { expect(event({ denied: ['NO_CONSENT', 'EXPIRED'] })).toMatchObject({ outcome: '4', outcomeDesc: 'NO_CONSENT EXPIRED' }) })
  it('marks an emergency and its legal basis', () => {
    const e = event({ asker: { requester: physician, authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-4' } } })
    expect(e.subtype.map(s => s.code)).toEqual(['ITI-39', '110127'])
    expect(e.agent[0]!.policy).toEqual(['PIPL-13-4'])
  })
})
