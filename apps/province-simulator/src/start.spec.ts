import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { systemClock } from '#kernel'
import { silentLogger } from '#observability'
import { loadProvinces, type Province, type Provinces } from '#provinces'
import type { RunningApp, Settings } from '#runtime'
import { startSimulators } from './start.js'
import type { Switches } from './switches.js'

const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-simulator-'))
const settings = { host: '127.0.0.1', simulatorPort: 0, dataDir } as Settings
let provinces: Provinces
let app: RunningApp
beforeAll(async () => {
  provinces = await loadProvinces()
  app = await startSimulators({ settings, provinces, clock: systemClock, logger: silentLogger })
})
afterAll(async () => {
  await app.close()
  rmSync(dataDir, { recursive: true })
})

const CODE = '330000'
const system = (): Province => provinces.byCode(CODE)!
const file = (province: Province, path: string): Buffer => readFileSync(join(province.folder, 'fixtures', path))
let n = 0
const newId = (): string => `delivery-${n++}`
const post = (exchange: string, body: Uint8Array, id = newId(), headers: Record<string, string> = {}, province = system()) =>
  fetch(`${app.url}/${province.profile.code}${province.profile.endpoint.paths[exchange]}`, { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': province.profile.contentType, 'idempotency-key': id, 'tongqu-case': 'case%201', 'tongqu-exchange-id': 'journey', ...headers } })
const ask = (id: string) => fetch(`${app.url}/${CODE}${system().profile.endpoint.statusPath}/${id}`)
const bytes = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer())
const operate = (method: string, what: string, body?: unknown) => fetch(`${app.url}/${CODE}/_${what}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
const turn = (switches: Partial<Switches>) => operate('PUT', 'switches', switches)
const entry = async (id: string) => ((await (await operate('GET', 'ledger')).json()) as { entries: { id: string }[] }).entries.find(e => e.id === id)
const discover = (): Buffer => file(system(), 'requests/discover-patient-x.json')
const rightAnswer = (): Buffer => file(system(), 'registry/answers/discover-patient-x.json')
beforeEach(async () => { await operate('DELETE', 'switches') })

describe('every pretend system', () => {
  it.each(['330000', '350000', '360000'])('%s answers every request of its holder’s index with the file named there, byte for byte', async code => {
    const province = provinces.byCode(code)!
    const holder = parse(file(province, 'registry/holder.yaml').toString()) as Record<'discover' | 'list' | 'retrieve', Partial<Record<string, string>>[]>
    const asker = { requester: { practitioner: { name: '郑文彬', role: 'physician' }, organization: { code: '488250168', name: '宁德市示范医院' } }, authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-4' }, targets: [code] }
    const asked = {
      discover: ({ idNumber = '11010119000101001X', name = '无此人' }) => ({ person: { idType: '01', idNumber, name }, ...asker }),
      list: ({ patientIdentifier = 'X-1' }) => ({ patientIdentifier, ...asker }),
      retrieve: ({ documentId = 'X-1' }) => ({ documentId, ...asker }),
    }
    for (const message of ['discover', 'list', 'retrieve'] as const) {
      for (const held of holder[message]) {
        const { bytes: native } = province.mappings.get(`${message}-request`)!.write(asked[message](held))
        const response = await post(`medical-records.${message}`, native, newId(), {}, province)
        expect([response.status, response.headers.get('content-type')]).toEqual([200, province.profile.contentType])
        expect((await bytes(response)).equals(file(province, `registry/${held.answer!}`)) ? 'as written' : `not ${held.answer!}`).toBe('as written')
      }
    }
  })

  it('finds by the whole value, in any width and case', async () => {
    const lower = discover().toString().replace('330329198504120121', '33032419900115009x').replace('林晓梅', '徐　航')
    expect((await bytes(await post('medical-records.discover', Buffer.from(lower)))).equals(file(system(), 'registry/answers/discover-lower-case-x.json'))).toBe(true)
    const longer = discover().toString().replace('林晓梅', '林晓梅子')
    expect((await bytes(await post('medical-records.discover', Buffer.from(longer)))).equals(file(system(), 'registry/answers/discover-none.json'))).toBe(true)
  })

  it('takes effect once per id and answers the same again', async () => {
    const id = newId()
    const first = await bytes(await post('medical-records.discover', discover(), id))
    const again = await bytes(await post('medical-records.discover', discover(), id))
    expect(again.equals(first)).toBe(true)
    expect((await bytes(await ask(id))).equals(first)).toBe(true)
    expect(await entry(id)).toMatchObject({ caseId: 'case 1', exchangeId: 'journey', exchange: 'medical-records.discover', effects: 1, deliveries: 2, queries: 1, order: expect.any(Number) })
    expect((await ask('never-seen')).status).toBe(404)
  })

  it('knows after a restart what it took before', async () => {
    const id = newId()
    await post('medical-records.discover', discover(), id)
    await app.close()
    app = await startSimulators({ settings, provinces, clock: systemClock, logger: silentLogger })
    expect((await bytes(await ask(id))).equals(rightAnswer())).toBe(true)
  })

  it('says what there is when asked for something else', async () => {
    expect((await fetch(`${app.url}/110000/x`)).status).toBe(404)
    expect(await (await fetch(`${app.url}/${CODE}/x`)).json()).toMatchObject({ paths: system().profile.endpoint.paths })
    expect((await operate('PUT', 'switches', { speed: 1 })).status).toBe(422)
  })
})

describe('switches of a pretend system', () => {
  it('down: cuts connections, or says 503, and nothing takes effect', async () => {
    const [cut, refused] = [newId(), newId()]
    await turn({ down: 'refuse' })
    await expect(post('medical-records.discover', discover(), cut)).rejects.toThrow()
    await turn({ down: 'unavailable' })
    expect((await post('medical-records.discover', discover(), refused)).status).toBe(503)
    expect((await ask(refused)).status).toBe(503)
    expect([await entry(cut), await entry(refused)]).toEqual([undefined, undefined])
  })

  it('slow: is known at once, and answers when it is time', async () => {
    await turn({ slowMs: 150 })
    const id = newId()
    const began = performance.now()
    const slow = post('medical-records.discover', discover(), id)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect((await ask(id)).status).toBe(202)
    expect((await bytes(await slow)).equals(rightAnswer())).toBe(true)
    expect(performance.now() - began).toBeGreaterThanOrEqual(140)
    expect((await ask(id)).status).toBe(200)
  })

  it('answer after the deadline', async () => {
    await turn({ answerAfterDeadline: true })
    const deadline = Date.now() + 100
    await bytes(await post('medical-records.discover', discover(), newId(), { 'tongqu-deadline': new Date(deadline).toISOString() }))
    expect(Date.now()).toBeGreaterThan(deadline)
  })

  it('wrong answer: another patient’s file, or half of the right one, and the same when asked', async () => {
    await turn({ wrongAnswer: 'other-patient' })
    expect((await bytes(await post('medical-records.discover', discover()))).equals(rightAnswer())).toBe(false)
    await turn({ wrongAnswer: 'malformed' })
    const id = newId()
    const half = await bytes(await post('medical-records.discover', discover(), id))
    expect(half.equals(rightAnswer().subarray(0, rightAnswer().length >> 1))).toBe(true)
    expect((await bytes(await ask(id))).equals(half)).toBe(true)
  })

  it('fault: the answer of a system in trouble', async () => {
    await turn({ fault: true })
    expect((await bytes(await post('medical-records.discover', discover()))).equals(file(system(), 'registry/answers/discover-fault.json'))).toBe(true)
  })

  it('reject before the effect, or drop after it', async () => {
    const [rejected, dropped] = [newId(), newId()]
    await turn({ rejectRate: 1 })
    const response = await post('medical-records.discover', discover(), rejected)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    await turn({ rejectRate: 0, dropRate: 1 })
    await expect(post('medical-records.discover', discover(), dropped)).rejects.toThrow()
    expect(await entry(rejected)).toBeUndefined()
    expect((await bytes(await ask(dropped))).equals(rightAnswer())).toBe(true)
  })

  it('forgets ids: every delivery takes effect, which the ledger shows', async () => {
    await turn({ forgetsIds: true })
    const id = newId()
    for (let i = 0; i < 2; i++) await post('medical-records.discover', discover(), id)
    expect((await ask(id)).status).toBe(404)
    expect(await entry(id)).toMatchObject({ effects: 2, deliveries: 2 })
  })

  it('duplicate answer: the same bytes once more through the gateway’s inbox', async () => {
    const told = Promise.withResolvers<{ url: string; key: string; body: Buffer }>()
    const gateway = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => { response.end(); told.resolve({ url: request.url ?? '', key: request.headers.authorization ?? '', body: Buffer.concat(chunks) }) })
    })
    gateway.listen(0, '127.0.0.1')
    await once(gateway, 'listening')
    await turn({ duplicateAnswer: { gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`, apiKey: 'key' } })
    const id = newId()
    const answer = await bytes(await post('medical-records.discover', discover(), id))
    const again = await told.promise
    expect([again.url, again.key, again.body.equals(answer)]).toEqual([`/v1/inbox/${id}/answer`, 'Bearer key', true])
    gateway.closeAllConnections()
    gateway.close()
  })
})

describe('documents loaded at run time', () => {
  it('are found by their keys, replaced by the same id, and refused with what is wrong', async () => {
    const put = (text: string, keys: unknown = ['ZJ-NEW-1', '某人'], exchange = 'medical-records.retrieve') => operate('PUT', 'documents/new-1', { exchange, keys, base64: Buffer.from(text).toString('base64') })
    const find = async () => (await bytes(await post('medical-records.retrieve', Buffer.from('{"WS99_99_904_01":"ZJ-NEW-1","name":"某人"}')))).toString()
    expect((await put('first')).status).toBe(200)
    expect(await find()).toBe('first')
    await put('second')
    expect(await find()).toBe('second')
    expect((await put('x', ['某人'])).status).toBe(422)
    expect((await put('x', undefined, 'medical-records.gossip')).status).toBe(422)
    expect((await put('')).status).toBe(422)
  })
})
