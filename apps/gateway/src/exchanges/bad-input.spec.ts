import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { loadProvinces, type Provinces } from '#provinces'
import { canonicalDiscovery, changed, nativeRequest } from '../testing/documents.js'
import { EdgeBench } from '../testing/edge-double.js'

interface Problem { readonly status: number; readonly code: string; readonly title: string; readonly faults: readonly { readonly code: string; readonly pointer: string; readonly zh: string; readonly en: string }[] }

const DISCOVER = '/v1/exchanges/medical-records/discover'
const XML = 'application/xml; charset=utf-8'
const ID_NUMBER = '330329198504120121'

describe('bad input at the HTTP edge', () => {
  let provinces: Provinces
  let bench: EdgeBench
  let ningde: string
  let patientX: Buffer
  /** Sends, and returns the problem document; nothing may have come into the record. */
  const refused = async (body: Buffer | string, headers: Record<string, string> = {}, key: string | null = ningde, url = DISCOVER): Promise<Problem> => {
    const before = bench.exchanges.intakes.size
    const answer = await bench.app.inject({ method: 'POST', url, headers: { 'content-type': XML, ...(key !== null && { authorization: `Bearer ${key}` }), ...headers }, payload: body })
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    expect(bench.exchanges.intakes.size).toBe(before)
    expect(answer.payload).not.toContain(ID_NUMBER)
    const problem = answer.json<Problem>()
    expect(problem.status).toBe(answer.statusCode)
    for (const f of problem.faults) expect(f.zh.length * f.en.length).toBeGreaterThan(0)
    return problem
  }
  const codes = ({ faults }: Problem) => faults.map(f => f.code)

  beforeAll(async () => {
    provinces = await loadProvinces()
    bench = await EdgeBench.start(provinces)
    ningde = bench.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both' })
    patientX = nativeRequest(provinces, 'fujian', 'discover-patient-x').body
  })
  afterAll(() => bench.close())

  it('wrong encoding', async () => {
    expect(await refused(Buffer.concat([patientX.subarray(0, 600), Buffer.from([0xff, 0xfe, 0xc3, 0x28]), patientX.subarray(600)]))).toMatchObject({ status: 400, code: 'ENCODING_INVALID' })
    const jiangxi = nativeRequest(provinces, 'jiangxi', 'discover-patient-x')
    const shangrao = bench.keys.issue({ id: 'shangrao-hospital', province: '360000', role: 'both' })
    expect(await refused(Buffer.concat([jiangxi.body, Buffer.from([0x81, 0x20])]), jiangxi.headers, shangrao)).toMatchObject({ status: 400, code: 'ENCODING_INVALID' })
    expect(await refused(jiangxi.body, { ...jiangxi.headers, 'content-type': 'text/csv; charset=utf-8' }, shangrao)).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' })
  })

  it('truncated XML', async () => {
    expect(await refused(patientX.subarray(0, patientX.length - 40))).toMatchObject({ status: 400, code: 'DOCUMENT_MALFORMED' })
  })

  it('XXE and billion laughs', async () => {
    const doctype = (declarations: string) => changed(patientX, '<PRPA_IN201305UV02 ', `<!DOCTYPE x [${declarations}]><PRPA_IN201305UV02 `)
    const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
    const external = doctype('<!ENTITY e SYSTEM "file:///etc/passwd">')
    expect(await refused(external)).toMatchObject({ status: 400, code: 'XML_DOCTYPE_FORBIDDEN' })
    expect(await refused(changed(doctype(`<!ENTITY l0 "ha">${laughs}`), '林晓梅', '&l9;'))).toMatchObject({ status: 400, code: 'XML_DOCTYPE_FORBIDDEN' })
  })

  it('wrong check digit, unknown code and a missing field, all at once and each in its place in the sender’s document', async () => {
    const body = changed(changed(changed(patientX, ID_NUMBER, '330329198504120122'), '<code code="01" codeSystem="2.999.350000.3"', '<code code="77" codeSystem="2.999.350000.3"'), '<value>林晓梅</value>', '<value></value>')
    const problem = await refused(body)
    expect(problem.status).toBe(422)
    expect(problem.faults.map(f => [f.code, f.pointer])).toEqual(expect.arrayContaining([
      ['CHECK_DIGIT_WRONG', '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList/livingSubjectId/value/@extension'],
      ['CODE_UNKNOWN', '/PRPA_IN201305UV02/controlActProcess/authorOrPerformer/assignedPerson/code/@code'],
      ['FIELD_MISSING', '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList/livingSubjectName/value'],
    ]))
    expect(problem.faults).toHaveLength(3)
  })

  it('the same in the canonical form', async () => {
    const { person, ...rest } = canonicalDiscovery({ person: { idType: '01', idNumber: '330329198504120122' }, targets: ['330000', '990000'] })
    const problem = await refused(JSON.stringify({ person, ...rest, note: 7 }), { 'content-type': 'application/tongqu+json' })
    expect(problem.faults.map(f => [f.code, f.pointer])).toEqual([
      ['FIELD_MISSING', '/person/name'], ['FIELD_INVALID', '/note'], ['CHECK_DIGIT_WRONG', '/person/idNumber'], ['PROVINCE_UNKNOWN', '/targets/1'],
    ])
  })

  it('a body above the limit, before it is read and while it is read', async () => {
    const { server } = bench.app.getHttpAdapter().getInstance()
    await new Promise<void>(listening => { server.listen(0, '127.0.0.1', listening) })
    const { port } = server.address() as { port: number }
    let sent = 0
    const megabyte = new Uint8Array(1 << 20)
    const sixty = new ReadableStream<Uint8Array>({ pull(controller) { if (sent++ < 60) controller.enqueue(megabyte); else controller.close() } }, { highWaterMark: 0 })
    const streamed = await fetch(`http://127.0.0.1:${port}${DISCOVER}`, { method: 'POST', headers: { authorization: `Bearer ${ningde}`, 'content-type': XML }, body: sixty, duplex: 'half' } as RequestInit)
    expect([streamed.status, (await streamed.json() as Problem).code]).toEqual([413, 'BODY_TOO_LARGE'])
    expect(sent).toBeLessThan(30)
    // with its size announced, not a byte of it is read
    const announced = await bench.app.inject({ method: 'POST', url: DISCOVER, headers: { authorization: `Bearer ${ningde}`, 'content-type': XML, 'content-length': String(60 << 20) }, payload: 'x' })
    expect(announced.json<Problem>()).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' })
    // who still sends would see a connection that is closed break, instead of this answer
    expect(announced.headers.connection).not.toBe('close')
  })

  it('deep nesting', async () => {
    const deep = `<PRPA_IN201305UV02 xmlns="urn:hl7-org:v3">${'<a>'.repeat(50)}${'</a>'.repeat(50)}</PRPA_IN201305UV02>`
    expect(await refused(deep)).toMatchObject({ status: 400, code: 'NESTING_TOO_DEEP' })
    expect(await refused('['.repeat(500_000), { 'content-type': 'application/tongqu+json' })).toMatchObject({ status: 400, code: 'NESTING_TOO_DEEP' })
  })

  it('no purpose, no requester, no basis, no targets: told together', async () => {
    const problem = await refused(JSON.stringify({ person: canonicalDiscovery().person }), { 'content-type': 'application/tongqu+json' })
    expect(codes(problem).sort()).toEqual(['BASIS_MISSING', 'FIELD_MISSING', 'PURPOSE_MISSING', 'REQUESTER_MISSING'])
    const jiangxi = nativeRequest(provinces, 'jiangxi', 'discover-patient-x')
    const flat = await refused(jiangxi.body, { 'content-type': jiangxi.headers['content-type']! }, bench.keys.issue({ id: 'shangrao-hospital', province: '360000', role: 'both' }))
    // a flat file has no place for them: the header that would carry them is named
    expect(flat.faults.map(f => [f.code, f.pointer]).sort()).toEqual([
      ['BASIS_MISSING', 'Tongqu-Authorization'], ['FIELD_MISSING', 'Tongqu-Targets'], ['PURPOSE_MISSING', 'Tongqu-Purpose'], ['REQUESTER_MISSING', 'Tongqu-Requester'],
    ])
  })

  it('no right: to a province, to a purpose, to anything', async () => {
    const may = (rights: Parameters<typeof bench.keys.issue>[0]['rights']) => bench.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both', rights })
    const problem = await refused(patientX, {}, may([{ exchange: 'medical-records.discover', province: '330000', purposes: ['TREAT'] }]))
    expect(problem).toMatchObject({ status: 403, code: 'RIGHT_MISSING', faults: [{ pointer: '/PRPA_IN201305UV02/receiver[2]/device/id/@extension' }] })
    expect(problem.faults[0]!.en).toContain('360000')
    expect(codes(await refused(patientX, {}, may([{ exchange: '*', province: '*', purposes: ['ETREAT'] }])))).toEqual(['RIGHT_MISSING', 'RIGHT_MISSING'])
    expect(codes(await refused(patientX, {}, may([])))).toEqual(['RIGHT_MISSING', 'RIGHT_MISSING'])
    const list = JSON.stringify({ requester: canonicalDiscovery().requester, authorization: canonicalDiscovery().authorization })
    expect(await refused(list, { 'content-type': 'application/tongqu+json' }, may([{ exchange: 'medical-records.discover', province: '*', purposes: ['*'] }]), '/v1/exchanges/medical-records/list')).toMatchObject({ status: 403, code: 'RIGHT_MISSING' })
  })

  it('a holder and an operator send nothing', async () => {
    for (const role of ['holder', 'operator'] as const) expect(await refused(patientX, {}, bench.keys.issue({ id: 'x', province: role === 'operator' ? null : '350000', role }))).toMatchObject({ status: 403, code: 'RIGHT_MISSING' })
  })

  it('no key, a wrong key, a revoked key', async () => {
    expect(await refused(patientX, {}, null)).toMatchObject({ status: 401, code: 'NOT_AUTHENTICATED' })
    expect(await refused(patientX, {}, `tq_0123456789ab_${'A'.repeat(43)}`)).toMatchObject({ status: 401, code: 'NOT_AUTHENTICATED' })
    const key = bench.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both' })
    bench.keys.revoke(key)
    expect(await refused(patientX, {}, key)).toMatchObject({ status: 401, code: 'KEY_REVOKED' })
  })

  it('an unknown exchange, another dialect, a format that nobody can give', async () => {
    expect(await refused(patientX, {}, ningde, '/v1/exchanges/medical-records/steal')).toMatchObject({ status: 404, code: 'EXCHANGE_UNKNOWN' })
    expect(await refused('{}', { 'content-type': 'application/json' })).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED', faults: [{ pointer: 'Content-Type' }] })
    expect(await refused(patientX, { accept: 'image/png' })).toMatchObject({ status: 406, code: 'NOT_ACCEPTABLE' })
    expect(await refused('', { 'content-type': 'application/tongqu+json' })).toMatchObject({ status: 400, code: 'DOCUMENT_MALFORMED' })
  })

  it('headers that cannot be read, or contradict the document', async () => {
    const unreadable = await refused(patientX, { 'tongqu-case': 'my case', 'tongqu-sequence': '0', 'idempotency-key': 'x'.repeat(201), 'tongqu-requester': '{broken' })
    expect(unreadable.faults.map(f => [f.code, f.pointer])).toEqual(['Tongqu-Case', 'Tongqu-Sequence', 'Idempotency-Key', 'Tongqu-Requester'].map(h => ['HEADER_INVALID', h]))
    const contradicting = await refused(patientX, { 'tongqu-purpose': 'ETREAT', 'tongqu-targets': '360000,330000' })
    expect(contradicting).toMatchObject({ status: 422, code: 'HEADER_CONTRADICTS_BODY', faults: [{ pointer: '/PRPA_IN201305UV02/controlActProcess/reasonCode/@code' }] })
    expect(contradicting.faults[0]!.en).toContain('Tongqu-Purpose')
    expect(contradicting.faults).toHaveLength(1)
  })

  it('speaks the language that is preferred, and always names both', async () => {
    expect((await refused(patientX, {}, null)).title).toBe('未提供有效的接口密钥')
    expect((await refused(patientX, { 'accept-language': 'en' }, null)).title).toBe('No valid API key')
  })

  it('a flood, and more work than the gateway can finish', async () => {
    const small = await EdgeBench.start(provinces, { ratePerSecond: 2 })
    const key = small.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both' })
    const ask = () => small.app.inject({ method: 'GET', url: '/v1/exchanges/0', headers: { authorization: `Bearer ${key}` } })
    const statuses = []
    for (let n = 0; n < 5; n++) statuses.push((await ask()).statusCode)
    expect(statuses).toEqual([404, 404, 404, 404, 429])
    expect((await ask()).headers['retry-after']).toBe('1')
    small.clock.advance(1000)
    small.exchanges.open = 101
    const full = await small.app.inject({ method: 'POST', url: DISCOVER, headers: { authorization: `Bearer ${key}`, 'content-type': XML }, payload: patientX })
    expect([full.statusCode, full.json<Problem>().code, full.headers['retry-after']]).toEqual([503, 'OVERLOADED', '5'])
    await small.close()
  })
})
