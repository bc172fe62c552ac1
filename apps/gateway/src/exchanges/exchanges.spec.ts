import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { fault } from '#kernel'
import { loadProvinces, type Provinces } from '#provinces'
import { canonicalDiscovery, changed, nativeRequest, type NativeRequest } from '../testing/documents.js'
import { EdgeBench, newCase } from '../testing/edge-double.js'

const DISCOVER = '/v1/exchanges/medical-records/discover'

describe('an exchange at the HTTP edge', () => {
  let provinces: Provinces
  let bench: EdgeBench
  let ningde: string
  let discovery: NativeRequest
  /** One province knows the person, one did not answer; as Fujian's people wrote it. */
  let partial: { readonly missing: readonly { readonly province: string; readonly reason: string }[]; readonly provinces: readonly { readonly province: string }[] }
  const send = ({ body, headers }: { body: Buffer | string; headers: Record<string, string> }, more: Record<string, string> = {}, key = ningde, url = DISCOVER) =>
    bench.app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${key}`, ...headers, ...more }, payload: body })
  const get = (url: string, headers: Record<string, string> = {}, key = ningde) => bench.app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${key}`, ...headers } })

  beforeAll(async () => {
    provinces = await loadProvinces()
    bench = await EdgeBench.start(provinces)
    ningde = bench.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both' })
    discovery = nativeRequest(provinces, 'fujian', 'discover-patient-x')
    const fujian = provinces.byCode('350000')!
    const reading = fujian.mappings.get('discover-result')!.read(readFileSync(join(fujian.folder, 'fixtures/results/discover-partial.xml')))
    if (!reading.ok) throw new Error('the fixture cannot be read')
    partial = reading.canonical as typeof partial
  })
  afterAll(() => bench.close())

  it('comes in from every province in its own dialect and is the same canonical request', async () => {
    const people = []
    for (const [slug, province] of [['fujian', '350000'], ['zhejiang', '330000'], ['jiangxi', '360000']] as const) {
      const key = bench.keys.issue({ id: `${slug}-asker`, province, role: 'asker' })
      const answer = await send(nativeRequest(provinces, slug, 'discover-patient-x'), {}, key)
      expect([answer.statusCode, answer.json()]).toMatchObject([202, { state: 'OPEN' }])
      const { id, case: caseId, links } = answer.json<{ id: string; case: string; links: { self: string; reply: string } }>()
      expect(answer.headers.location).toBe(links.self)
      const intake = bench.exchanges.intakes.get(id)!
      expect(intake).toMatchObject({ exchange: 'medical-records.discover', participantId: `${slug}-asker`, province, caseId, key: caseId, purpose: 'TREAT', versions: { schema: 'discover-request@1', mapping: `${slug}/discover-request@1` } })
      expect(intake.targets).toHaveLength(2)
      expect(intake.original.equals(nativeRequest(provinces, slug, 'discover-patient-x').body)).toBe(true)
      people.push((intake.canonical as { person: { idNumber: string; name: string } }).person)
    }
    expect(new Set(people.map(p => p.idNumber + p.name)).size).toBe(1)
  })

  it('takes its case, its number, its trace from headers; a foreign case and a used number are refused', async () => {
    const caseId = newCase()
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const first = await send(discovery, { 'tongqu-case': caseId, 'tongqu-sequence': '4', traceparent })
    expect(first.json()).toMatchObject({ case: caseId })
    const intake = bench.exchanges.intakes.get(first.json<{ id: string }>().id)!
    expect([intake.seq, intake.traceparent.slice(0, 36), intake.traceparent === traceparent]).toEqual([4, traceparent.slice(0, 36), false])
    expect((await send(discovery, { 'tongqu-case': caseId, 'tongqu-sequence': '4' })).json()).toMatchObject({ status: 409, code: 'SEQUENCE_TAKEN' })
    const other = bench.keys.issue({ id: 'fuzhou-hospital', province: '350000', role: 'asker' })
    expect((await send(discovery, { 'tongqu-case': caseId }, other)).json()).toMatchObject({ status: 403, code: 'RIGHT_MISSING', faults: [{ pointer: 'Tongqu-Case' }] })
  })

  it('is accepted once under one Idempotency-Key', async () => {
    const first = await send(discovery, { 'idempotency-key': 'k-1' })
    const again = await send(discovery, { 'idempotency-key': 'k-1' })
    expect([again.statusCode, again.payload, again.headers['idempotency-replayed']]).toEqual([202, first.payload, 'true'])
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    const count = bench.exchanges.intakes.size
    expect((await send({ ...discovery, body: changed(discovery.body, '消化内科', '心内科') }, { 'idempotency-key': 'k-1' })).json()).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' })
    // the same bytes for other provinces are another request
    const jiangxi = nativeRequest(provinces, 'jiangxi', 'discover-patient-x')
    const shangrao = bench.keys.issue({ id: 'shangrao-hospital', province: '360000', role: 'asker' })
    await send(jiangxi, { 'idempotency-key': 'k-1' }, shangrao)
    expect((await send(jiangxi, { 'idempotency-key': 'k-1', 'tongqu-targets': '330000' }, shangrao)).statusCode).toBe(409)
    expect(bench.exchanges.intakes.size).toBe(count + 1)
    const other = bench.keys.issue({ id: 'fuzhou-hospital', province: '350000', role: 'asker' })
    expect((await send(discovery, { 'idempotency-key': 'k-1' }, other)).json()).not.toMatchObject(first.json())
  })

  it('waits as preferred: the reply in the sender’s dialect, partial said so', async () => {
    bench.exchanges.onAccepted = i => setImmediate(() => bench.exchanges.end(i.id, 'COMPLETED', { partial: true, schema: 'discover-result', reply: partial }))
    const answer = await send(discovery, { prefer: 'wait=10' })
    bench.exchanges.onAccepted = () => undefined
    expect([answer.statusCode, answer.headers['preference-applied'], answer.headers['content-type'], answer.headers['tongqu-partial'], answer.headers['tongqu-loss']])
      .toEqual([200, 'wait=10', 'application/xml; charset=utf-8', 'true', expect.stringMatching(/^\d+$/)])
    expect(answer.headers['tongqu-case']).toBe(answer.headers['tongqu-exchange'])
    expect(answer.headers['content-location']).toBe(`/v1/exchanges/${answer.headers['tongqu-exchange'] as string}/reply`)
    const back = provinces.byCode('350000')!.mappings.get('discover-result')!.read(answer.rawPayload)
    expect(back).toMatchObject({ ok: true, canonical: partial })
  })

  it('answers 202 when the reply does not come in time, and at once when the process is to stop', async () => {
    const late = await send(discovery, { prefer: 'wait=0' })
    expect([late.statusCode, late.headers['preference-applied']]).toEqual([202, 'wait=0'])
    const stopping = await EdgeBench.start(provinces)
    const key = stopping.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both' })
    stopping.exchanges.onAccepted = () => stopping.drain.begin()
    const cut = await stopping.app.inject({ method: 'POST', url: DISCOVER, headers: { authorization: `Bearer ${key}`, ...discovery.headers, prefer: 'wait=30' }, payload: discovery.body })
    expect(cut.statusCode).toBe(202)
    await stopping.close()
  })

  it('gives the reply as FHIR R4 or in the canonical form; to a canonical sender in that form', async () => {
    const { id } = (await send(discovery)).json<{ id: string }>()
    expect((await get(`/v1/exchanges/${id}/reply`)).json()).toMatchObject({ status: 404, code: 'REPLY_NOT_READY', exchange: `/v1/exchanges/${id}` })
    bench.exchanges.end(id, 'COMPLETED', { partial: true, schema: 'discover-result', reply: partial })
    const fhir = await get(`/v1/exchanges/${id}/reply`, { accept: 'application/fhir+json' })
    expect(fhir.headers['content-type']).toBe('application/fhir+json; charset=utf-8; fhirVersion=4.0')
    expect(fhir.json()).toMatchObject({
      resourceType: 'Bundle', type: 'searchset', total: 1,
      entry: [
        { resource: { resourceType: 'Patient', meta: { source: `https://tongqu.example/provinces/${partial.provinces[0]!.province}` } }, search: { mode: 'match' } },
        { resource: { resourceType: 'OperationOutcome', issue: partial.missing.map(m => ({ severity: 'warning', diagnostics: expect.stringContaining(`${m.province}: ${m.reason}`) })) }, search: { mode: 'outcome' } },
      ],
    })
    expect((await get(`/v1/exchanges/${id}/reply`, { accept: 'application/tongqu+json' })).json()).toEqual(partial)
    expect((await get(`/v1/exchanges/${id}/reply`)).headers['content-type']).toBe('application/xml; charset=utf-8')

    bench.exchanges.onAccepted = i => bench.exchanges.end(i.id, 'COMPLETED', { schema: 'discover-result', reply: partial })
    const canonical = await send({ body: JSON.stringify(canonicalDiscovery()), headers: { 'content-type': 'application/tongqu+json' } }, { prefer: 'wait=1' })
    bench.exchanges.onAccepted = () => undefined
    expect([canonical.statusCode, canonical.json()]).toEqual([200, partial])
  })

  it('that was refused, failed or ran out of time answers with its problem', async () => {
    for (const [state, faults, code, status] of [
      ['REJECTED', [fault('ACCESS_DENIED', '/authorization')], 'ACCESS_DENIED', 403], ['EXPIRED', [], 'EXCHANGE_EXPIRED', 504], ['FAILED', [fault('TARGET_ANSWER_INVALID', '')], 'TARGET_ANSWER_INVALID', 502],
    ] as const) {
      bench.exchanges.onAccepted = i => bench.exchanges.end(i.id, state, { faults })
      const answer = await send(discovery, { prefer: 'wait=1' })
      bench.exchanges.onAccepted = () => undefined
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code])
      const { exchange } = answer.json<{ exchange: string }>()
      expect((await get(`${exchange}/reply`)).json()).toMatchObject({ status, code })
      expect((await get(exchange)).json()).toMatchObject({ state })
    }
  })

  it('is shown to who sent it and to operators, and to nobody else', async () => {
    const { id } = (await send(discovery)).json<{ id: string }>()
    const shown = await get(`/v1/exchanges/${id}`)
    expect(shown.json()).toMatchObject({ id, exchange: 'medical-records.discover', state: 'OPEN', partial: false, seq: 1, links: { reply: `/v1/exchanges/${id}/reply` } })
    expect(shown.payload).not.toContain('330329198504120121')
    const operator = bench.keys.issue({ id: 'operator', province: null, role: 'operator' })
    expect((await get(`/v1/exchanges/${id}`, {}, operator)).statusCode).toBe(200)
    const other = bench.keys.issue({ id: 'fuzhou-hospital', province: '350000', role: 'both' })
    for (const url of [`/v1/exchanges/${id}`, `/v1/exchanges/${id}/reply`, `/v1/exchanges/${newCase()}`, '/v1/exchanges/1']) expect((await get(url, {}, other)).json()).toMatchObject({ status: 404, code: 'EXCHANGE_UNKNOWN' })
  })

  it('to the provinces of its case goes to those alone that may be asked', async () => {
    const list = { body: JSON.stringify({ requester: canonicalDiscovery().requester, authorization: canonicalDiscovery().authorization }), headers: { 'content-type': 'application/tongqu+json' } }
    const targetsOf = async (key: string) => bench.exchanges.intakes.get((await send(list, {}, key, '/v1/exchanges/medical-records/list')).json<{ id: string }>().id)!.targets
    expect(await targetsOf(ningde)).toEqual([])
    const narrow = bench.keys.issue({ id: 'narrow', province: '350000', role: 'asker', rights: [{ exchange: '*', province: '360000', purposes: ['TREAT'] }] })
    expect(await targetsOf(narrow)).toEqual(['360000'])
  })
})
