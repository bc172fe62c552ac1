import { describe, expect, it } from '@jest/globals'
import { judge } from './reply.rules.js'

const body = Buffer.from('…')
const response = (status: number) => ({ kind: 'response', status, body } as const)
const judged = (status: number, asked: 'delivery' | 'status', readable = false): string => {
  const { verdict, health } = judge(response(status), asked, () => readable)
  return `${verdict.kind} ${health}`
}

describe('what a reply means', () => {
  it.each([
    [200, 'answer well'], [201, 'answer well'], [202, 'pending well'],
    [301, 'refused well'], [400, 'refused well'], [404, 'refused well'], [422, 'refused well'],
    [408, 'transient well'], [429, 'transient well'],
    [500, 'transient failed'], [502, 'transient failed'], [503, 'transient failed'], [504, 'transient failed'],
  ])('to a delivery: %i', (status, expected) => expect(judged(status, 'delivery')).toBe(expected))

  it.each([
    [200, 'answer well'], [202, 'pending well'], [404, 'unknown well'],
    // neither known nor unknown: nothing may be sent on the strength of these
    [400, 'transient well'], [405, 'transient well'], [500, 'transient failed'], [503, 'transient failed'],
  ])('to the question whether it is known: %i', (status, expected) => expect(judged(status, 'status', true)).toBe(expected))

  it('takes a fault in the province’s own words for an answer, whatever the status, but not of a proxy', () => {
    expect([400, 422, 500].map(status => judged(status, 'delivery', true))).toEqual(['answer well', 'answer well', 'answer well'])
    expect(judged(503, 'delivery', true)).toBe('transient failed')
  })

  it('knows what was sent from what may have been', () => {
    const taken = (reply: Parameters<typeof judge>[0]) => judge(reply, 'delivery', () => false)
    expect(taken({ kind: 'unsent', reason: 'ECONNREFUSED' })).toMatchObject({ verdict: { kind: 'transient', taken: false }, health: 'failed' })
    expect(taken({ kind: 'broken', reason: 'UND_ERR_SOCKET' })).toMatchObject({ verdict: { kind: 'transient', taken: true }, health: 'failed' })
    expect(taken({ kind: 'timeout', full: true })).toMatchObject({ verdict: { kind: 'transient', taken: true, timeout: true }, health: 'failed' })
  })

  it('does not blame a province for a time limit that the deadline cut short', () => {
    expect(judge({ kind: 'timeout', full: false }, 'delivery', () => false).health).toBe('untold')
  })

  it('does not ask again for an answer that is too large', () => {
    expect(judge({ kind: 'too-large' }, 'delivery', () => false)).toEqual({ verdict: { kind: 'refused', reason: 'BODY_TOO_LARGE' }, health: 'well' })
  })
})
