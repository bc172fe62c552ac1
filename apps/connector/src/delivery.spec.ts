import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { childId, Failure, fault, systemClock } from '#kernel'
import type { Mapping } from '#mapping'
import { EffectLanes, type PendingEffect } from '#messaging'
import { silentLogger } from '#observability'
import type { Province, ProvinceProfile } from '#provinces'
import { Delivery } from './delivery.js'

/** A dialect for these tests: JSON with the message's name inside. */
const mapping = (message: string): Mapping => ({
  id: `testland/${message}@1`, province: '990000', dialect: 'json', message, version: 1, contentType: 'application/json', supplied: {}, place: () => '',
  read(bytes) {
    const text = Buffer.from(bytes).toString()
    if (!text.startsWith('{')) return { ok: false, faults: [fault('DOCUMENT_MALFORMED', '')] }
    const value = JSON.parse(text) as Record<string, unknown>
    if (value.is !== message) return { ok: false, faults: [fault('DIALECT_MISMATCH', '/is')] }
    return 'SFZH' in value ? { ok: false, faults: [fault('FIELD_INVALID', '/SFZH'), fault('FIELD_MISSING', '/XM')] } : { ok: true, canonical: value, loss: [{ pointer: '/note', reason: 'unmapped', zh: '', en: '' }] }
  },
  write(canonical) {
    if ((canonical as { unwritable?: boolean }).unwritable) throw Failure.of([fault('FIELD_MISSING', '/person/name')])
    return { bytes: Buffer.from(JSON.stringify(canonical)), contentType: 'application/json', loss: [] }
  },
})
const endpoint: ProvinceProfile['endpoint'] = {
  mode: 'push', paths: { 'medical-records.discover': '/query' }, statusPath: '/state', timeoutMs: 2000, maxInFlight: 3,
  retry: { attempts: 3, baseMs: 5, maxMs: 20 }, breaker: { failures: 5, openMs: 200 },
}
const ANSWER = JSON.stringify({ is: 'discover-answer', answer: 'none' })

interface Seen { readonly method: string; readonly path: string; readonly id: string; readonly body: string }
type Reaction = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void
const answer = (status: number, body = '', headers: Record<string, string> = {}): Reaction => (_, response) => { response.writeHead(status, headers); response.end(body) }
const cut: Reaction = (_, __, request) => { request.socket.destroy() }
const silent: Reaction = () => undefined

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => { for (const close of closing.splice(0)) await close() })

/** A province's system that reacts as told, the last reaction again and again; `effects` counts how often each id took effect. */
async function system(given: { onPost: readonly Reaction[]; onGet?: readonly Reaction[]; endpoint?: Partial<typeof endpoint>; up?: boolean; answerMaxBytes?: number }) {
  const seen: Seen[] = []
  const posts = [...given.onPost]
  const gets = [...given.onGet ?? []]
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => { body += String(chunk) })
    request.on('end', () => {
      const path = request.url ?? ''
      const call = { method: request.method ?? '', path, id: String(request.headers['idempotency-key'] ?? path.split('/').at(-1)), body }
      seen.push(call)
      const queue = request.method === 'POST' ? posts : gets
      const reaction = queue.length > 1 ? queue.shift()! : queue[0]!
      reaction(call, response, request)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stop = async () => { server.closeAllConnections(); server.close(); await once(server, 'close') }
  if (given.up === false) await stop()
  else closing.push(stop)

  const names = ['discover-request', 'discover-answer']
  const province = { profile: { code: '990000', slug: 'testland', dialect: 'json', contentType: 'application/json', endpoint: { ...endpoint, ...given.endpoint } }, mappings: new Map(names.map(n => [n, mapping(n)])) } as unknown as Province
  const delivery = new Delivery({ provinces: { all: [province], byCode: code => (code === '990000' ? province : undefined), bySlug: () => undefined }, provinceUrl: () => `http://127.0.0.1:${port}/990000`, clock: systemClock, answerMaxBytes: given.answerMaxBytes ?? 100_000 })
  closing.unshift(() => delivery.close())
  return { delivery, seen, calls: () => seen.map(s => `${s.method} ${s.path.replace(/[0-9a-f-]{36}/, '<id>')}`) }
}

let n = 0
const effect = (more: Partial<PendingEffect> & { document?: unknown; inMs?: number } = {}): PendingEffect => {
  const { document = { person: 'somebody' }, inMs = 3000, ...rest } = more
  return {
    id: childId('delivery', n++), exchangeId: childId('exchange', n), caseId: 'case', lane: '990000', key: 'case', what: 'deliver', resumed: false, attempt: 1, traceparent: '',
    deadline: new Date(Date.now() + inMs).toISOString(), input: { province: '990000', exchange: 'medical-records.discover', schema: 'discover-request', document }, ...rest,
  }
}
const forever = new AbortController().signal
const POST = 'POST /990000/query'
const ASK = 'GET /990000/state/<id>'

describe('a delivery', () => {
  it('brings the document there and the answer back, and tells each step', async () => {
    const { delivery, seen } = await system({ onPost: [answer(200, ANSWER)] })
    const e = effect()
    const done = await delivery.perform(e, forever)
    expect(done.answer).toEqual({ province: '990000', status: 'answered', schema: 'discover-answer', document: { is: 'discover-answer', answer: 'none' }, lossCount: 1, nativeDigest: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(seen).toEqual([{ method: 'POST', path: '/990000/query', id: e.id, body: '{"person":"somebody"}' }])
    expect(done.steps.map(s => [s.what, s.about, s.note, s.versions?.mapping])).toEqual([
      ['translate-out', '990000', 'loss 0', 'testland/discover-request@1'], ['deliver', '990000', undefined, undefined], ['translate-in', '990000', 'loss 1', 'testland/discover-answer@1'],
    ])
    expect(done.versions).toEqual({ schema: 'discover-answer@1', mapping: 'testland/discover-answer@1' })
  })

  it('asks before it sends again: a province that took effect and cut the connection takes effect once', async () => {
    const { delivery, calls } = await system({ onPost: [cut], onGet: [answer(200, ANSWER)] })
    const { answer: { status } } = await delivery.perform(effect(), forever)
    expect(status).toBe('answered')
    expect(calls()).toEqual([POST, ASK])
  })

  it('sends again only what the province says it does not know, under the same id', async () => {
    const { delivery, seen, calls } = await system({ onPost: [cut, answer(200, ANSWER)], onGet: [answer(503), answer(404)] })
    const done = await delivery.perform(effect(), forever)
    expect(done.answer.status).toBe('answered')
    expect(calls()).toEqual([POST, ASK, ASK, POST])
    expect(new Set(seen.map(s => s.id)).size).toBe(1)
    expect(done.steps[1]!.note).toBe('sent 2 times, asked 2 times')
  })

  it.each([['another process may have begun it', { resumed: true }], ['this process failed in the middle', { attempt: 2 }]])('asks first when %s', async (_, state) => {
    const { delivery, calls } = await system({ onPost: [answer(200, ANSWER)], onGet: [answer(404)] })
    expect((await delivery.perform(effect(state), forever)).answer.status).toBe('answered')
    expect(calls()).toEqual([ASK, POST])
  })

  it('waits for a province that has the request and works on it, longer than its attempts', async () => {
    const { delivery, calls } = await system({ onPost: [silent], onGet: [...Array.from({ length: 6 }, () => answer(202)), answer(200, ANSWER)], endpoint: { timeoutMs: 150 } })
    expect((await delivery.perform(effect(), forever)).answer.status).toBe('answered')
    expect(calls()).toEqual([POST, ...Array.from({ length: 7 }, () => ASK)])
  })

  it('tells a timeout with an unknown outcome from a province that cannot be reached', async () => {
    const slow = await system({ onPost: [silent], onGet: [silent], endpoint: { timeoutMs: 150 } })
    const late = await slow.delivery.perform(effect({ inMs: 250 }), forever)
    expect(late.answer).toMatchObject({ status: 'timeout', faults: [{ code: 'TARGET_TIMEOUT' }] })
    expect(late.answer.faults![0]!.en).toContain('outcome is unknown')
    const down = await system({ onPost: [], up: false })
    const absent = await down.delivery.perform(effect(), forever)
    expect(absent.answer).toMatchObject({ status: 'unavailable', faults: [{ code: 'TARGET_UNAVAILABLE' }] })
    expect(absent.answer.faults![0]!.en).not.toContain('unknown')
  })

  it('gives up after its attempts', async () => {
    const { delivery, calls } = await system({ onPost: [answer(503)], onGet: [answer(404)] })
    expect((await delivery.perform(effect(), forever)).answer.status).toBe('unavailable')
    expect(calls()).toEqual([POST, ASK, POST, ASK, POST])
  })

  it('honours Retry-After, and gives up at once when it points past the deadline', async () => {
    const { delivery } = await system({ onPost: [answer(429, '', { 'retry-after': '1' }), answer(200, ANSWER)], onGet: [answer(404)] })
    const began = performance.now()
    expect((await delivery.perform(effect(), forever)).answer.status).toBe('answered')
    expect(performance.now() - began).toBeGreaterThan(950)
    const busy = await system({ onPost: [answer(429, '', { 'retry-after': '60' })] })
    expect((await busy.delivery.perform(effect(), forever)).answer.status).toBe('unavailable')
    expect(busy.calls()).toEqual([POST])
  })

  it('does not call after the deadline', async () => {
    const { delivery, seen } = await system({ onPost: [answer(200, ANSWER)] })
    expect((await delivery.perform(effect({ inMs: -1 }), forever)).answer.status).toBe('timeout')
    expect(seen).toEqual([])
  })

  it('lists every fault of an answer that cannot be read, with the digest of its bytes', async () => {
    const { delivery } = await system({ onPost: [answer(200, '{"is":"discover-answer","SFZH":"x"}'), answer(200, '<html>'), answer(200, '{"is":"gossip"}')] })
    const [wrong, foreign, gossip] = [await delivery.perform(effect(), forever), await delivery.perform(effect(), forever), await delivery.perform(effect(), forever)]
    expect(wrong.answer).toMatchObject({ status: 'invalid', nativeDigest: expect.any(String), faults: [{ code: 'FIELD_INVALID', pointer: '/SFZH' }, { code: 'FIELD_MISSING', pointer: '/XM' }] })
    expect(foreign.answer).toMatchObject({ status: 'invalid', faults: [{ code: 'DOCUMENT_MALFORMED' }] })
    expect(gossip.answer).toMatchObject({ status: 'invalid', faults: [{ code: 'DIALECT_MISMATCH' }] })
    expect(wrong.steps.at(-1)).toMatchObject({ what: 'translate-in', note: '2 faults' })
  })

  it('takes a refusal and an answer without end for invalid, and does not repeat them', async () => {
    const { delivery, seen } = await system({ onPost: [answer(422, 'no'), answer(200, 'x'.repeat(200_000))] })
    expect((await delivery.perform(effect(), forever)).answer).toMatchObject({ status: 'invalid', faults: [{ code: 'TARGET_ANSWER_INVALID', en: expect.stringContaining('HTTP 422') }] })
    expect((await delivery.perform(effect(), forever)).answer).toMatchObject({ status: 'invalid', faults: [{ en: expect.stringContaining('BODY_TOO_LARGE') }] })
    expect(seen).toHaveLength(2)
  })

  it('reads a fault that comes with status 500 in the province’s own words', async () => {
    const { delivery } = await system({ onPost: [answer(500, ANSWER)] })
    expect((await delivery.perform(effect(), forever)).answer.status).toBe('answered')
  })

  it('says what a province requires and the document has not', async () => {
    const { delivery, seen } = await system({ onPost: [answer(200, ANSWER)] })
    expect((await delivery.perform(effect({ document: { unwritable: true } }), forever)).answer).toMatchObject({ status: 'invalid', faults: [{ code: 'FIELD_MISSING', pointer: '/person/name' }] })
    expect(seen).toEqual([])
  })

  it('ends a delivery to a province that is no longer known here', async () => {
    const { delivery } = await system({ onPost: [answer(200, ANSWER)] })
    const input = { province: '110000', exchange: 'medical-records.discover', schema: 'discover-request', document: {} }
    expect((await delivery.perform(effect({ resumed: true, input }), forever)).answer).toMatchObject({ status: 'unavailable', faults: [{ code: 'PROVINCE_UNKNOWN' }] })
  })

  it('rejects when the process stops, so that the next one resumes it', async () => {
    const { delivery } = await system({ onPost: [silent] })
    const stopping = new AbortController()
    const performed = delivery.perform(effect(), stopping.signal)
    setTimeout(() => stopping.abort(), 30)
    await expect(performed).rejects.toThrow()
  })
})

describe('a province that fails again and again', () => {
  const failing = (openMs: number, onPost: readonly Reaction[]) => system({ onPost, endpoint: { breaker: { failures: 2, openMs }, retry: { attempts: 1, baseMs: 1, maxMs: 1 } } })

  it('is left alone while its breaker is open longer than anybody can wait', async () => {
    const { delivery, seen } = await failing(60_000, [answer(503)])
    for (let i = 0; i < 2; i++) await delivery.perform(effect(), forever)
    expect((await delivery.perform(effect(), forever)).answer).toMatchObject({ status: 'unavailable', faults: [{ en: expect.stringContaining('BREAKER_OPEN') }] })
    expect(seen).toHaveLength(2)
  })

  it('is called by one probe at a time, and by all who wait once it is well', async () => {
    const at: number[] = []
    const timed = (reaction: Reaction): Reaction => (...call) => { at.push(performance.now()); reaction(...call) }
    const { delivery } = await failing(80, [...Array.from({ length: 4 }, () => timed(answer(503))), timed(answer(200, ANSWER))])
    for (let i = 0; i < 2; i++) await delivery.perform(effect(), forever)
    const waiting = await Promise.all(Array.from({ length: 6 }, () => delivery.perform(effect({ inMs: 10_000 }), forever)))
    expect(waiting.map(w => w.answer.status).sort()).toEqual(['answered', 'answered', 'answered', 'answered', 'unavailable', 'unavailable'])
    const pauses = at.slice(2, 5).map((t, i) => t - at[i + 1]!)
    expect(pauses.filter(ms => ms < 75)).toEqual([])
  })
})

describe('a province that is slow', () => {
  it('has no more calls under way than its profile allows, and those of one case in order', async () => {
    let under = 0
    let most = 0
    const { delivery, seen } = await system({ onPost: [(_, response) => { most = Math.max(most, ++under); setTimeout(() => { under--; response.end(ANSWER) }, 10) }] })
    const lanes = new EffectLanes('connector', delivery, delivery.limitOf, silentLogger)
    const done: Promise<void>[] = []
    const sent = Array.from({ length: 12 }, (_, i) => effect({ key: `case ${i % 4}`, document: { person: `${i % 4}/${Math.floor(i / 4)}` } }))
    for (const e of sent) done.push(new Promise(resolve => lanes.start(e, async () => resolve())))
    await Promise.all(done)
    await lanes.close(100)
    expect(most).toBe(3)
    const order = seen.map(s => (JSON.parse(s.body) as { person: string }).person)
    for (const c of ['0', '1', '2', '3']) expect(order.filter(p => p.startsWith(`${c}/`))).toEqual([`${c}/0`, `${c}/1`, `${c}/2`])
  })
})
