import { describe, expect, it } from '@jest/globals'
import { Failure } from '#kernel'
import type { DecisionContext, Message } from '#messaging'
import type { Province } from '#provinces'
import { DeliveryHandler } from './delivery.handler.js'

const province = { profile: { code: '990000' } } as Province
const handler = new DeliveryHandler({ all: [province], byCode: code => (code === '990000' ? province : undefined), bySlug: () => undefined })
const context = (body: unknown): DecisionContext => ({ message: { caseId: 'case', trail: [{ by: 'medical-records', what: 'open', at: '', ms: 1 }] } as unknown as Message, body, case: undefined, now: new Date(0) })

describe('the connector’s decisions', () => {
  it('claims a delivery in the lane of its province, in the order of its case', () => {
    const body = { province: '990000', exchange: 'medical-records.discover', schema: 'discover-request', document: {} }
    expect(handler.deliver(context(body))).toMatchObject({ outcome: { kind: 'completed' }, effects: [{ lane: '990000', key: 'case', what: 'deliver', input: body }], facts: [{ what: 'delivery.claimed' }] })
  })

  it('refuses a province that is not known here', () => {
    expect(() => handler.deliver(context({ province: '110000', exchange: 'medical-records.discover' }))).toThrow(Failure)
  })

  it('tells the domain of the exchange, with every step and the versions of the translation', () => {
    const answer = { province: '990000', status: 'answered', document: {}, nativeDigest: 'ab', lossCount: 2 }
    const steps = [{ by: 'connector', what: 'deliver', at: '', ms: 3 }]
    const { emit, facts } = handler.done(context({ exchange: 'medical-records.discover', answer, steps, versions: { schema: 'discover-answer@1', mapping: 'm@1' } }))
    expect(emit).toEqual([{ topic: 'tongqu.medical-records', type: 'medical-records.discover.answer', body: answer, versions: { schema: 'discover-answer@1', mapping: 'm@1' }, trail: [{ by: 'medical-records', what: 'open', at: '', ms: 1 }, ...steps] }])
    expect(facts).toEqual([{ what: 'delivery.ended', digest: 'ab', detail: { exchange: 'medical-records.discover', province: '990000', status: 'answered', lossCount: 2, mapping: 'm@1' } }])
  })
})
