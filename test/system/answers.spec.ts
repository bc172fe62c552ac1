import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { DiscoverResult } from '#schemas'
import { askerOf, elementOf, first, requestOf, within } from './documents.js'
import { EmbeddedSystem } from './embedded-system.js'
import { hasPersonalData, personalDataOf } from './personal-data.js'

const [ZHEJIANG, JIANGXI] = ['330000', '360000']
const NINGDE = askerOf('fujian')
let system: EmbeddedSystem
beforeAll(async () => { system = await EmbeddedSystem.start() }, 90_000)
afterAll(() => system?.stop())

interface Told { readonly result: DiscoverResult; readonly native: Buffer; readonly nativeCodes: Readonly<Record<string, string>>; readonly fhir: string }

/** What a clinician in Fujian is told, in all three forms of the same reply. */
async function discover(request: string): Promise<Told> {
  const answer = await system.send(NINGDE, 'discover', requestOf('fujian', request))
  expect([request, answer.status]).toEqual([request, 200])
  const reply = answer.headers.get('content-location')!
  const [canonical, fhir] = await Promise.all(['application/tongqu+json', 'application/fhir+json'].map(accept => system.call(reply, { as: NINGDE, headers: { accept } })))
  const subjects = within(elementOf(answer.bytes), 'subject')
  const nativeCodes = Object.fromEntries(subjects.map(s => [first(s, 'custodian', 'id')!.attributes.extension!, first(s, 'queryResponseCode')!.attributes.code!]))
  return { result: canonical!.json<DiscoverResult>(), native: answer.bytes, nativeCodes, fhir: fhir!.text }
}
const said = ({ result }: Told) => Object.fromEntries(result.provinces.map(p => [p.province, [p.answer, p.certainty, p.rule].filter(Boolean).join(' ')]))
/** No reply names anybody whom it does not disclose; what the asker itself knew does not come back either. */
const namesNobody = ({ native, fhir, result }: Told): boolean => ![native.toString(), fhir, JSON.stringify(result)].some(text => hasPersonalData(text, personalDataOf()))

describe('the five answers of discovery', () => {
  it('one match', async () => {
    const told = await discover('discover-patient-x')
    expect(said(told)).toEqual({ [ZHEJIANG]: 'match certain R1', [JIANGXI]: 'match certain R1' })
    expect(told.nativeCodes).toEqual({ [ZHEJIANG]: 'OK', [JIANGXI]: 'OK' })
    expect(told.result.provinces.map(p => p.patient?.name[0]?.text)).toEqual(['林晓梅', '林晓梅'])
  })

  it('several: nobody of them is told', async () => {
    const told = await discover('discover-patient-y')
    expect(told.result.provinces.map(p => p.answer)).toEqual(['several', 'several'])
    expect(told.nativeCodes).toEqual({ [ZHEJIANG]: 'MULT', [JIANGXI]: 'MULT' })
    expect([told.result.complete, namesNobody(told)]).toEqual([true, true])
  })

  it('more attributes wanted: which ones', async () => {
    const told = await discover('discover-patient-n')
    expect(said(told)).toEqual({ [ZHEJIANG]: 'none', [JIANGXI]: 'need-attributes' })
    expect(told.nativeCodes).toEqual({ [ZHEJIANG]: 'NF', [JIANGXI]: 'MORE' })
    expect(told.result.provinces[1]!.attributesWanted).toHaveLength(2)
    expect(namesNobody(told)).toBe(true)
  })

  it('none', async () => {
    const told = await discover('discover-patient-u')
    expect(said(told)).toEqual({ [ZHEJIANG]: 'none', [JIANGXI]: 'none' })
    expect([told.result.complete, namesNobody(told)]).toEqual([true, true])
  })

  it('a fault, which also makes the result incomplete', async () => {
    await system.misbehave(JIANGXI!, { fault: true })
    try {
      const told = await discover('discover-patient-x')
      expect(said(told)).toEqual({ [ZHEJIANG]: 'match certain R1', [JIANGXI]: 'fault' })
      expect(told.nativeCodes).toEqual({ [ZHEJIANG]: 'OK', [JIANGXI]: 'AE' })
      expect(told.result).toMatchObject({ complete: false, missing: [{ province: JIANGXI, reason: 'FAULT' }] })
    } finally { await system.restore(JIANGXI!) }
  })
})

describe('what is not certain', () => {
  it('the same number under another name goes to review, and nothing of the person leaves', async () => {
    const told = await discover('discover-patient-m')
    expect(said(told)).toEqual({ [ZHEJIANG]: 'match review R3', [JIANGXI]: 'none' })
    expect(told.result.provinces[0]).not.toHaveProperty('patient')
    expect(namesNobody(told)).toBe(true)
  })

  it('somebody else’s file for an answer is another person', async () => {
    await system.misbehave(JIANGXI!, { wrongAnswer: 'other-patient' })
    try {
      const told = await discover('discover-patient-x')
      const jiangxi = told.result.provinces.find(p => p.province === JIANGXI)!
      expect(jiangxi.certainty).not.toBe('certain')
      expect(jiangxi).not.toHaveProperty('patient')
      expect(hasPersonalData(JSON.stringify(jiangxi), personalDataOf())).toBe(false)
    } finally { await system.restore(JIANGXI!) }
  })
})

describe('numbers and names written in several ways', () => {
  it.each([
    ['discover-lower-case-x', { [ZHEJIANG!]: 'match certain R1' }],
    ['discover-middle-dot', { [ZHEJIANG!]: 'match certain R1', [JIANGXI!]: 'match certain R1' }],
    ['discover-rare-character', { [JIANGXI!]: 'match certain R1' }],
  ])('%s: the same person', async (request, expected) => { expect(said(await discover(request))).toMatchObject(expected) })

  it('a number of 15 digits is the number of 18 that it became', async () => {
    const answer = await system.send(askerOf('jiangxi'), 'discover', requestOf('jiangxi', 'discover-old-id'), { accept: 'application/tongqu+json' })
    expect(answer.json<DiscoverResult>().provinces).toContainEqual(expect.objectContaining({ province: '350000', answer: 'match', certainty: 'certain', rule: 'R1' }))
  })
})
