import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { fault, newId } from '#kernel'
import { loadProvinces } from '#provinces'
import { EvidenceChain } from '#security'
import { EdgeBench } from '../testing/edge-double.js'

describe('the operators’ routes', () => {
  let bench: EdgeBench
  let operator: string
  const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown, key = operator) =>
    bench.app.inject({ method, url, headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) }, payload: body === undefined ? undefined : JSON.stringify(body) })
  const registry = {
    list: jest.fn(() => Promise.resolve([{ id: 'lishui-hospital', nameZh: '丽水市示范医院', nameEn: 'Lishui Model Hospital', province: '330000', organizationCode: '1', role: 'both', active: true, keys: [], rights: [] }])),
    register: jest.fn(() => Promise.resolve()), issueKey: jest.fn(() => Promise.resolve({ id: 'k', key: 'tq_k_s', expiresAt: null })), rotateKey: jest.fn((_participant: string, _key: string, _overlapMs: number) => Promise.resolve({ id: 'k2', key: 'tq_k2_s', expiresAt: null })),
    revokeKey: jest.fn(() => Promise.resolve()), setRights: jest.fn((_participant: string, _rights: unknown) => Promise.resolve()),
  }

  beforeAll(async () => {
    bench = await EdgeBench.start(await loadProvinces())
    Object.assign(bench.keys, registry)
    operator = bench.keys.issue({ id: 'operator', province: null, role: 'operator' })
  })
  afterAll(() => bench.close())

  it('are closed to everybody else', async () => {
    const participant = bench.keys.issue({ id: 'ningde-hospital', province: '350000', role: 'both' })
    for (const [method, url] of [['GET', '/v1/participants'], ['POST', '/v1/participants/x/keys'], ['GET', '/v1/dead-letters'], ['GET', '/v1/evidence'], ['GET', '/v1/access-notices'], ['GET', '/v1/exchanges']] as const) {
      expect((await call(method, url, undefined, participant)).json()).toMatchObject({ status: 403, code: 'RIGHT_MISSING' })
    }
    expect(bench.operations.actions).toEqual([])
  })

  it('register a participant, give it keys and rights, and write each action down with who did it', async () => {
    const added = await call('POST', '/v1/participants', { id: 'lishui-hospital', name: '丽水市示范医院', province: '330000', organizationCode: '47005168933110011A1001', role: 'both' })
    expect([added.statusCode, added.json()]).toMatchObject([201, { id: 'lishui-hospital', name: '丽水市示范医院', rights: [] }])
    expect((await call('GET', '/v1/participants')).json()).toMatchObject({ participants: [{ id: 'lishui-hospital', name: '丽水市示范医院' }] })
    expect((await call('POST', '/v1/participants/lishui-hospital/keys')).json()).toMatchObject({ id: 'k', key: 'tq_k_s' })
    expect((await call('POST', '/v1/participants/lishui-hospital/keys/k/rotate', { overlapSeconds: 60 })).json()).toMatchObject({ id: 'k2' })
    expect((await call('DELETE', '/v1/participants/lishui-hospital/keys/k')).statusCode).toBe(204)
    const rights = [{ exchange: 'medical-records.discover', province: '350000', purposes: ['TREAT'] }]
    expect((await call('PUT', '/v1/participants/lishui-hospital/rights', { rights })).statusCode).toBe(200)
    expect(registry.rotateKey).toHaveBeenCalledWith('lishui-hospital', 'k', 60_000)
    expect(registry.setRights).toHaveBeenCalledWith('lishui-hospital', rights)
    expect(bench.operations.actions.map(a => [a.participantId, a.action, a.target])).toEqual(['participant.register', 'key.issue', 'key.rotate', 'key.revoke', 'rights.set'].map(action => ['operator', action, 'lishui-hospital']))
    expect(JSON.stringify(bench.operations.actions)).not.toContain('tq_')
  })

  it('name every fault of a body', async () => {
    const wrong = await call('POST', '/v1/participants', { id: 'Bad Id', province: '12', organizationCode: '1', role: 'boss', extra: true })
    expect(wrong.statusCode).toBe(422)
    expect(wrong.json<{ faults: { code: string; pointer: string }[] }>().faults.map(f => `${f.code} ${f.pointer}`).sort()).toEqual(['FIELD_INVALID /extra', 'FIELD_INVALID /id', 'FIELD_INVALID /province', 'FIELD_INVALID /role', 'FIELD_MISSING /name'])
    const rights = await call('PUT', '/v1/participants/x/rights', { rights: [{ exchange: 'no.such', province: '990000', purposes: ['TREAT'] }, { exchange: '*', province: 'x', purposes: [] }] })
    expect(rights.json<{ faults: { pointer: string }[] }>().faults.map(f => f.pointer)).toEqual(['/rights/1/province', '/rights/1/purposes'])
    expect((await call('PUT', '/v1/participants/x/rights', { rights: [{ exchange: 'no.such', province: '990000', purposes: ['TREAT'] }] })).json<{ faults: { code: string }[] }>().faults.map(f => f.code)).toEqual(['EXCHANGE_UNKNOWN', 'PROVINCE_UNKNOWN'])
    expect((await call('POST', '/v1/participants', [1])).json()).toMatchObject({ status: 400, code: 'DOCUMENT_MALFORMED' })
    expect((await call('GET', '/v1/exchanges?state=LOST')).json()).toMatchObject({ status: 422, faults: [{ pointer: '?state' }] })
  })

  it('show dead letters without their content, and replay one', async () => {
    const id = newId()
    bench.operations.letters.push({ id, service: 'medical-records', type: 'medical-records.discover.answer', code: 'FIELD_INVALID', faults: [fault('FIELD_INVALID', '/x')], digest: 'd', exchangeId: newId(), caseId: 'c', status: 'OPEN', at: '2026-11-24T08:00:00.000Z' })
    expect((await call('GET', '/v1/dead-letters?status=OPEN')).json()).toMatchObject({ deadLetters: [{ id, status: 'OPEN' }] })
    expect((await call('GET', `/v1/dead-letters/${id}`)).json()).toMatchObject({ id, faults: [{ pointer: '/x' }] })
    expect((await call('GET', `/v1/dead-letters/${newId()}`)).json()).toMatchObject({ status: 404, code: 'DEAD_LETTER_UNKNOWN' })
    expect((await call('POST', `/v1/dead-letters/${id}/replay`)).statusCode).toBe(202)
    expect(bench.operations.replayed).toEqual([{ id, by: 'operator' }])
    expect(bench.operations.actions.at(-1)).toMatchObject({ participantId: 'operator', action: 'dead-letter.replay', target: id })
  })

  it('export the evidence one row a line and say whose is missing', async () => {
    const exchangeId = newId()
    bench.operations.evidenceRows.push(...new EvidenceChain('gateway#0', 0).draw([exchangeId, newId()].map(e => ({ exchangeId: e, caseId: 'c', what: 'accepted', digest: 'd'.repeat(64), at: '2026-11-24T08:00:00.000Z' }))))
    const all = await call('GET', '/v1/evidence')
    expect([all.headers['content-type'], all.headers['tongqu-missing']]).toEqual(['application/x-ndjson', 'connector'])
    expect(all.payload.trimEnd().split('\n').map(line => JSON.parse(line) as unknown)).toEqual(bench.operations.evidenceRows)
    expect((await call('GET', `/v1/evidence?exchange=${exchangeId}`)).payload.trimEnd().split('\n')).toHaveLength(1)
  })
})
