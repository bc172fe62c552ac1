import { describe, expect, it } from '@jest/globals'
import type { PendingEffect } from '#messaging'
import { findPersonalData } from '#observability'
import { deliveryHeaders } from './delivery-headers.js'

const document = {
  person: { idType: '01', idNumber: '330329198504120121', name: '林晓梅', phone: '13800000101' },
  requester: { practitioner: { name: '郑文彬', id: 'ND-1142', role: 'physician' }, organization: { code: '488250168', name: '宁德市示范医院' }, department: '消化内科' },
  authorization: { purpose: 'TREAT', consent: { reference: 'FJ-CONSENT-1', grantedOn: '2026-11-02' }, careRelation: { kind: 'visit', number: 'MZ2611021130' } },
  targets: ['360000'],
}
const effect: PendingEffect = {
  id: '0198c0de-0000-8000-8000-000000000001', exchangeId: '0198c0de-0000-7000-8000-000000000002', caseId: '病例 1', lane: '360000', key: '病例 1', what: 'deliver', resumed: false, attempt: 1,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', deadline: '2026-11-03T08:00:08.000Z', input: { province: '360000', exchange: 'medical-records.discover', schema: 'discover-request', document },
}
const SUPPLIED = { requester: 'Tongqu-Requester', authorization: 'Tongqu-Authorization', 'authorization.purpose': 'Tongqu-Purpose', targets: 'Tongqu-Targets' }

describe('headers of a delivery', () => {
  it('name the delivery, the journey and the case', () => {
    expect(deliveryHeaders(effect, 'application/json; charset=utf-8', {})).toEqual({
      'content-type': 'application/json; charset=utf-8', 'idempotency-key': effect.id, 'tongqu-exchange': 'medical-records.discover', 'tongqu-exchange-id': effect.exchangeId,
      'tongqu-case': '%E7%97%85%E4%BE%8B%201', 'tongqu-deadline': '2026-11-03T08:00:08.000Z', traceparent: effect.traceparent,
    })
  })

  it('carry who asks and why where the body does not, and nothing of a person', () => {
    const headers = deliveryHeaders(effect, 'text/csv; charset=GB18030', { ...SUPPLIED, 'person.name': 'Tongqu-Name' })
    const read = (name: string) => JSON.parse(decodeURIComponent(headers[name]!)) as unknown
    expect(headers).toMatchObject({ 'tongqu-purpose': 'TREAT', 'tongqu-targets': '360000' })
    expect(headers).not.toHaveProperty('tongqu-name')
    expect(read('tongqu-requester')).toEqual({ practitioner: { role: 'physician' }, organization: { code: '488250168', name: '宁德市示范医院' }, department: '消化内科' })
    expect(read('tongqu-authorization')).toEqual({ consent: { reference: 'FJ-CONSENT-1', grantedOn: '2026-11-02' }, careRelation: { kind: 'visit' } })
    expect(findPersonalData(Object.values(headers).join('\n'), ['郑文彬', 'ND-1142', '林晓梅', 'MZ2611021130'])).toEqual([])
    expect(Object.values(headers).filter(value => !/^[\x20-\x7e]*$/.test(value))).toEqual([])
  })
})
