import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { newId } from '#kernel'
import { fromEnvelope, type AnswerBody, type DeliverBody, type Message } from '#messaging'
import { loadProvinces, type Province, type Provinces } from '#provinces'
import { EdgeBench } from '../testing/edge-double.js'
import { nativeRequest } from '../testing/documents.js'

interface Item { readonly id: string; readonly exchange: string; readonly contentType: string; readonly document: string; readonly encoding: 'base64' | 'utf-8'; readonly links: { readonly ack: string; readonly answer: string } }

describe('the inbox of a province that accepts no inbound connection', () => {
  let bench: EdgeBench
  let jiangxi: Province
  let holder: string
  let request: unknown
  const fixture = (name: string) => readFileSync(join(jiangxi.folder, 'fixtures/registry/answers', name))
  const call = (method: 'GET' | 'POST', url: string, key = holder, payload?: Buffer) =>
    bench.app.inject({ method, url, headers: { authorization: `Bearer ${key}`, ...(payload && { 'content-type': 'text/csv; charset=GB18030' }) }, payload })
  const delivery = (over: Partial<Message> = {}, body: Partial<DeliverBody> = {}): Message => ({
    id: newId(), type: 'medical-records.discover.deliver', source: 'medical-records', caseId: 'case', key: 'case', topic: 'tongqu.pull', exchangeId: newId(), time: new Date().toISOString(), attempt: 0,
    deadline: new Date(Date.now() + 8000).toISOString(), traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, versions: { schema: 'discover-request@1' }, trail: [{ by: 'medical-records', what: 'asked', at: new Date().toISOString(), ms: 1 }],
    body: Buffer.from(JSON.stringify({ province: '360000', exchange: 'medical-records.discover', schema: 'discover-request', document: request, ...body })), ...over,
  })

  beforeAll(async () => {
    const real = await loadProvinces()
    const pulling = real.all.map((p): Province => (p.profile.slug === 'jiangxi' ? { ...p, profile: { ...p.profile, endpoint: { ...p.profile.endpoint, mode: 'pull' } } } : p))
    const provinces: Provinces = { all: pulling, byCode: code => pulling.find(p => p.profile.code === code), bySlug: slug => pulling.find(p => p.profile.slug === slug) }
    jiangxi = provinces.bySlug('jiangxi')!
    const reading = provinces.bySlug('zhejiang')!.mappings.get('discover-request')!.read(nativeRequest(provinces, 'zhejiang', 'discover-patient-x').body)
    request = reading.ok && reading.canonical
    bench = await EdgeBench.start(provinces)
    holder = bench.keys.issue({ id: 'jiangxi-platform', province: '360000', role: 'holder' })
  })
  afterAll(() => bench.close())

  it('hands a delivery over in the province’s dialect, and its answer on to the domain, once', async () => {
    const message = delivery()
    const waiting = call('GET', '/v1/inbox?wait=5')
    expect(await bench.inbox.receive(message)).toEqual([])
    const { items } = (await waiting).json<{ items: Item[] }>()
    expect(items).toMatchObject([{ id: message.id, exchange: 'medical-records.discover', contentType: 'text/csv; charset=GB18030', encoding: 'base64' }])
    expect(new TextDecoder('gb18030').decode(Buffer.from(items[0]!.document, 'base64'))).toContain('ZJLX|SFZH|XM')

    expect((await call('POST', items[0]!.links.ack)).statusCode).toBe(204)
    expect((await call('GET', '/v1/inbox')).json()).toEqual({ items: [] })
    const answer = await call('POST', items[0]!.links.answer, holder, fixture('discover-patient-x.csv'))
    expect(answer.statusCode).toBe(202)
    expect(bench.emitted).toHaveLength(1)
    const sent = fromEnvelope(bench.emitted[0]!)
    expect(sent).toMatchObject({ type: 'medical-records.discover.answer', source: 'gateway', topic: 'tongqu.medical-records', caseId: 'case', exchangeId: message.exchangeId, deadline: message.deadline })
    expect(sent.trail.map(s => [s.by, s.what, s.about])).toEqual([['medical-records', 'asked', undefined], ['gateway', 'answered', '360000']])
    expect(JSON.parse(sent.body.toString()) as AnswerBody).toMatchObject({ province: '360000', status: 'answered', schema: 'discover-answer', document: { answer: 'match' }, nativeDigest: expect.stringMatching(/^[0-9a-f]{64}$/) })

    // the province repeats itself, and so does the domain
    expect((await call('POST', items[0]!.links.answer, holder, fixture('discover-patient-x.csv'))).statusCode).toBe(202)
    expect(bench.emitted).toHaveLength(1)
    expect((await call('POST', items[0]!.links.answer, holder, fixture('discover-none.csv'))).json()).toMatchObject({ status: 409, code: 'STATE_FORBIDS' })
    expect(await bench.inbox.receive({ ...message, attempt: 1 })).toEqual([bench.emitted[0]])
  })

  it('refuses an answer that is wrong with its faults; it may be corrected', async () => {
    const message = delivery()
    await bench.inbox.receive(message)
    const wrong = await call('POST', `/v1/inbox/${message.id}/answer`, holder, fixture('discover-patient-x.csv').subarray(0, 200))
    expect(wrong.json()).toMatchObject({ status: expect.any(Number), faults: [expect.objectContaining({ code: expect.any(String) })] })
    expect(wrong.statusCode).toBeGreaterThanOrEqual(400)
    expect((await call('POST', `/v1/inbox/${message.id}/answer`, holder, fixture('list-empty.csv'))).json()).toMatchObject({ status: 422, code: 'DIALECT_MISMATCH' })
    expect((await call('POST', `/v1/inbox/${message.id}/answer`, holder, fixture('discover-none.csv'))).statusCode).toBe(202)
  })

  it('answers itself when a delivery cannot be written in the dialect', async () => {
    const [refusal] = await bench.inbox.receive(delivery({}, { schema: 'nothing-known' }))
    expect(JSON.parse(refusal!.body.toString()) as AnswerBody).toMatchObject({ province: '360000', status: 'unavailable', faults: [{ code: 'TARGET_UNAVAILABLE' }] })
  })

  it('is the holder’s of that province alone', async () => {
    const message = delivery()
    await bench.inbox.receive(message)
    const asker = bench.keys.issue({ id: 'asker', province: '360000', role: 'asker' })
    const elsewhere = bench.keys.issue({ id: 'elsewhere', province: '350000', role: 'holder' })
    for (const key of [asker, elsewhere]) expect((await call('GET', '/v1/inbox', key)).json()).toMatchObject({ status: 403, code: 'RIGHT_MISSING' })
    expect((await call('POST', `/v1/inbox/${newId()}/ack`)).json()).toMatchObject({ status: 404, code: 'INBOX_ITEM_UNKNOWN' })
    expect((await call('GET', '/v1/inbox?limit=0')).json()).toMatchObject({ status: 422, faults: [{ pointer: '?limit' }] })
  })
})
