import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { DiscoverResult } from '#schemas'
import type { EvidenceRow } from '#security'
import { askerOf, elementOf, first, fixture, folderOf, requestOf, within } from './documents.js'
import { EmbeddedSystem, eventually, type Answer, type Problem } from './embedded-system.js'

const [ZHEJIANG, FUJIAN, JIANGXI] = ['330000', '350000', '360000'] as const
const [WENZHOU, NINGDE] = [askerOf('zhejiang'), askerOf('fujian')]
const CANONICAL = 'application/tongqu+json'
const provinces = mkdtempSync(join(tmpdir(), 'tongqu-provinces-'))
let system: EmbeddedSystem

beforeAll(async () => {
  // Fujian as a province that accepts no inbound connection: the same folder with one word changed
  cpSync(folderOf('fujian'), join(provinces, 'fujian'), { recursive: true })
  const profile = join(provinces, 'fujian/profile.yaml')
  writeFileSync(profile, readFileSync(profile, 'utf8').replace('mode: push', 'mode: pull'))
  system = await EmbeddedSystem.start({ TONGQU_PROVINCE_DIRS: provinces })
}, 90_000)
afterEach(() => system.restore(ZHEJIANG, FUJIAN, JIANGXI))
afterAll(async () => {
  await system?.stop()
  rmSync(provinces, { recursive: true, force: true })
})

const discoverFromNingde = (headers = {}): Promise<Answer> => system.send(NINGDE, 'discover', requestOf('fujian', 'discover-patient-x'), headers)
const discoverFromWenzhou = (headers = {}): Promise<Answer> => system.send(WENZHOU, 'discover', requestOf('zhejiang', 'discover-patient-x'), { accept: CANONICAL, ...headers })
const replyOf = async (answer: Answer, as = NINGDE): Promise<DiscoverResult> => (await system.call(answer.headers.get('content-location')!, { as, headers: { accept: CANONICAL } })).json<DiscoverResult>()
const missingOf = (result: DiscoverResult) => Object.fromEntries(result.missing.map(m => [m.province, m.reason]))

/** What waits for Fujian’s hospital. */
interface Item { readonly id: string; readonly exchange: string; readonly contentType: string; readonly document: string; readonly deadline: string }
async function fetched(): Promise<Item> {
  return eventually(async () => (await system.call('/v1/inbox?wait=2', { as: NINGDE })).json<{ items: Item[] }>().items[0], 'an item in the inbox')
}
const answerItem = (id: string, file: string): Promise<Answer> =>
  system.call(`/v1/inbox/${id}/answer`, { as: NINGDE, method: 'POST', body: fixture('fujian', `registry/answers/${file}.xml`), headers: { 'content-type': 'application/xml; charset=utf-8' } })
async function evidenceOf(exchange: string): Promise<EvidenceRow[]> {
  const { text } = await system.call(`/v1/evidence?exchange=${exchange}`, { as: system.operator })
  return text.split('\n').filter(Boolean).map(line => JSON.parse(line) as EvidenceRow)
}

describe('a province that answers too late', () => {
  it('is missing by name, is never merged afterwards, and is in the evidence as late', async () => {
    await system.misbehave(ZHEJIANG, { slowMs: 30_000 })
    await system.misbehave(JIANGXI, { answerAfterDeadline: true })
    const [fromNingde, fromWenzhou, item] = await Promise.all([discoverFromNingde(), discoverFromWenzhou(), fetched()])
    expect([fromNingde.status, fromNingde.headers.get('tongqu-partial')]).toEqual([200, 'true'])
    const nobody = { complete: false, provinces: [] }
    const told = await replyOf(fromNingde)
    expect([told, missingOf(told)]).toEqual([expect.objectContaining(nobody), { [ZHEJIANG]: 'TIMEOUT', [JIANGXI]: 'TIMEOUT' }])
    expect([fromWenzhou.json<DiscoverResult>(), missingOf(fromWenzhou.json<DiscoverResult>())]).toEqual([expect.objectContaining(nobody), { [FUJIAN]: 'TIMEOUT', [JIANGXI]: 'TIMEOUT' }])

    expect((await answerItem(item.id, 'discover-patient-x')).status).toBe(202)
    const exchange = fromWenzhou.headers.get('tongqu-exchange')!
    const late = await eventually(async () => (await evidenceOf(exchange)).find(row => row.what === 'late-answer' && row.detail?.includes(FUJIAN) && row.detail.includes('answered')), 'the late answer in the evidence')
    expect(JSON.parse(late.detail!)).toMatchObject({ province: FUJIAN, status: 'answered', exchange: 'medical-records.discover' })
    await pause(700)
    expect(await replyOf(fromWenzhou, WENZHOU)).toEqual(fromWenzhou.json())
    expect(await replyOf(fromNingde)).toEqual(told)
  }, 40_000)
})

describe('a province that is down', () => {
  it('is named in the asker’s own dialect and in FHIR; the other’s answer arrives all the same', async () => {
    await system.misbehave(JIANGXI, { down: 'refuse' })
    const answer = await discoverFromNingde()
    expect([answer.status, answer.headers.get('tongqu-partial')]).toEqual([200, 'true'])
    const document = elementOf(answer.bytes)
    expect(first(document, 'controlActProcess', 'statusCode')!.attributes.code).toBe('aborted')
    expect(within(document, 'subject').map(s => first(s, 'custodian', 'id')!.attributes.extension)).toEqual([ZHEJIANG])
    expect(within(document, 'missing').map(m => [first(m, 'custodian', 'id')!.attributes.extension, first(m, 'reasonCode')!.attributes.code])).toEqual([[JIANGXI, 'UNAVAILABLE']])
    const fhir = (await system.call(answer.headers.get('content-location')!, { as: NINGDE, headers: { accept: 'application/fhir+json' } })).json<{ entry: { resource: { resourceType: string; issue?: { diagnostics: string }[] } }[] }>()
    expect(fhir.entry.find(e => e.resource.resourceType === 'OperationOutcome')!.resource.issue!.map(i => i.diagnostics)).toEqual([expect.stringMatching(/^360000: UNAVAILABLE/)])
    const record = (await system.call(`/v1/exchanges/${answer.headers.get('tongqu-exchange')}`, { as: NINGDE })).json<{ state: string; partial: boolean }>()
    expect(record).toMatchObject({ state: 'COMPLETED', partial: true })
  }, 30_000)

  it('is missing in the list of documents, and what it alone holds is refused with its name', async () => {
    const inCase = { 'tongqu-case': (await discoverFromNingde()).headers.get('tongqu-case')! }
    await system.misbehave(JIANGXI, { down: 'unavailable' })
    const list = await system.send(NINGDE, 'list', requestOf('fujian', 'list-patient-x'), inCase)
    expect([list.status, list.headers.get('tongqu-partial')]).toEqual([200, 'true'])
    expect(within(elementOf(list.bytes), 'clinicalDocument').length).toBeGreaterThan(0)
    expect(missingOf(await replyOf(list))).toEqual({ [JIANGXI]: 'UNAVAILABLE' })
    // never listed, so never asked for
    const unlisted = await system.send(NINGDE, 'retrieve', requestOf('fujian', 'retrieve-discharge-summary'), inCase)
    expect([unlisted.status, unlisted.json<Problem>().code]).toEqual([409, 'STATE_FORBIDS'])
    await system.misbehave(ZHEJIANG, { down: 'unavailable' })
    const listed = await system.send(NINGDE, 'retrieve', requestOf('fujian', 'retrieve-lab-report'), inCase)
    expect([listed.status, listed.json<Problem>().code]).toEqual([504, 'TARGET_UNAVAILABLE'])
    expect(listed.json<Problem>().exchange).toBe(`/v1/exchanges/${listed.headers.get('tongqu-exchange')}`)
  }, 40_000)
})

describe('an answer that is not valid', () => {
  it('is as good as none and says so', async () => {
    await system.misbehave(ZHEJIANG, { wrongAnswer: 'malformed' })
    const answer = await discoverFromNingde()
    expect([answer.status, answer.headers.get('tongqu-partial')]).toEqual([200, 'true'])
    expect(missingOf(await replyOf(answer))).toMatchObject({ [ZHEJIANG]: 'ANSWER_INVALID' })
  }, 30_000)
})

describe('an answer that comes twice', () => {
  it('from a province that fetches: the first counts, the same again changes nothing, another one is refused', async () => {
    const [answer, tries] = await Promise.all([discoverFromWenzhou(), (async () => {
      const { id, document } = await fetched()
      expect(document).toContain('PRPA_IN201305UV02')
      const refused = await system.call(`/v1/inbox/${id}/answer`, { as: NINGDE, method: 'POST', body: '<PRPA_IN201306UV02', headers: { 'content-type': 'application/xml' } })
      return { malformed: refused, first: await answerItem(id, 'discover-patient-x'), same: await answerItem(id, 'discover-patient-x'), other: await answerItem(id, 'discover-several') }
    })()])
    expect([tries.malformed.json<Problem>().code, tries.first.status, tries.same.status, tries.other.json<Problem>().code]).toEqual(['DOCUMENT_MALFORMED', 202, 202, 'STATE_FORBIDS'])
    expect(answer.json<DiscoverResult>().provinces.find(p => p.province === FUJIAN)).toMatchObject({ answer: 'match', certainty: 'certain', patient: { name: [{ text: '林晓梅' }] } })
    const answers = (await evidenceOf(answer.headers.get('tongqu-exchange')!)).filter(row => row.what === 'answer.recorded' && row.detail!.includes(FUJIAN))
    expect(answers).toHaveLength(1)
  }, 30_000)

  it('from a province that is called: what it tells a second time by another way is refused', async () => {
    const shangrao = askerOf('jiangxi')
    await system.misbehave(JIANGXI, { duplicateAnswer: { gatewayUrl: system.url, apiKey: system.keyOf(shangrao) } })
    const answer = await discoverFromNingde()
    expect(elementOf(answer.bytes)).toEqual(elementOf(fixture('fujian', 'results/discover-complete.xml')))
    const exchange = answer.headers.get('tongqu-exchange')!
    const delivered = (await system.ledger(JIANGXI)).filter(entry => entry.exchangeId === exchange)
    expect(delivered).toHaveLength(1)
    const again = await system.call(`/v1/inbox/${delivered[0]!.id}/answer`, { as: shangrao, method: 'POST', body: fixture('jiangxi', 'registry/answers/discover-patient-x.csv'), headers: { 'content-type': 'text/csv; charset=GB18030' } })
    expect([again.status, again.json<Problem>().code]).toEqual([403, 'RIGHT_MISSING'])
    expect((await evidenceOf(exchange)).filter(row => row.what === 'answer.recorded' && row.detail!.includes(JIANGXI))).toHaveLength(1)
  }, 30_000)
})
