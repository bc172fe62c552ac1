import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import iconv from 'iconv-lite'
import { FAILURES, type FailureCode } from '#kernel'
import { askerOf, edited, elementOf, fixture, requestOf, type NativeRequest } from './documents.js'
import { EmbeddedSystem, type Answer, type Problem } from './embedded-system.js'
import { hasPersonalData, personalDataOf } from './personal-data.js'

const [FJ, ZJ, JX] = ['fujian', 'zhejiang', 'jiangxi'].map(slug => requestOf(slug, 'discover-patient-x')) as [NativeRequest, NativeRequest, NativeRequest]
const SENDERS = new Map([[FJ, askerOf('fujian')], [ZJ, askerOf('zhejiang')], [JX, askerOf('jiangxi')]])
const RATE_PER_SECOND = 40
let system: EmbeddedSystem
beforeAll(async () => { system = await EmbeddedSystem.start({ TONGQU_RATE: String(RATE_PER_SECOND) }) }, 90_000)
afterAll(() => system?.stop())

const recorded = async (): Promise<number> => (await system.database.query<{ n: number }>('SELECT count(*)::int AS n FROM gateway.exchange'))[0]!.n
const problemOf = (answer: Answer): Problem => {
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  return answer.json<Problem>()
}
const discoverBy = (participant: string | null, request: NativeRequest, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => system.send(participant, 'discover', request, headers)

/** Refused with this code, in both languages, repeating nothing of the document. */
function expectRefusal(answer: Answer, code: FailureCode): Problem {
  const problem = problemOf(answer)
  expect([problem.code, answer.status, problem.title]).toEqual([code, FAILURES[code].status, FAILURES[code].zh])
  for (const fault of problem.faults) expect([/\p{Script=Han}/u.test(fault.zh), /[a-z]{3}/.test(fault.en)]).toEqual([true, true])
  expect(hasPersonalData(answer.text, personalDataOf())).toBe(false)
  return problem
}

const DOCTYPE = (entities: string) => (text: string): string => text.replace('?>', `?>\n<!DOCTYPE PRPA_IN201305UV02 [${entities}]>`)
const LAUGHS = Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
const PERSON = '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList'
const text = (from: string | RegExp, to: string) => (request: NativeRequest): NativeRequest => edited(request, t => {
  if (t.replace(from, to) === t) throw new Error(`the document has no ${String(from)}`)
  return t.replace(from, to)
})
const bytes = (change: (body: Buffer) => Buffer) => (request: NativeRequest): NativeRequest => ({ ...request, body: change(request.body) })
const without = (header: string) => (request: NativeRequest): NativeRequest => ({ ...request, headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== header)) })

describe('a document that cannot be taken', () => {
  let before: number
  beforeEach(async () => { before = await recorded() })
  afterEach(async () => { expect(await recorded()).toBe(before) })

  it.each<[string, NativeRequest, (request: NativeRequest) => NativeRequest, FailureCode, string | RegExp]>([
    ['GB18030 for UTF-8, JSON', ZJ, bytes(b => iconv.encode(b.toString(), 'gb18030')), 'ENCODING_INVALID', ''],
    ['GB18030 for UTF-8, XML', FJ, bytes(b => iconv.encode(b.toString(), 'gb18030')), 'ENCODING_INVALID', ''],
    ['UTF-8 for GB18030', JX, bytes(b => Buffer.from(iconv.decode(b, 'gb18030'))), 'ENCODING_INVALID', ''],
    ['another charset than the dialect’s', ZJ, r => ({ ...r, contentType: 'application/json; charset=gb18030' }), 'MEDIA_TYPE_UNSUPPORTED', 'Content-Type'],
    ['another dialect', ZJ, r => ({ ...r, contentType: 'application/xml' }), 'MEDIA_TYPE_UNSUPPORTED', 'Content-Type'],
    ['truncated JSON', ZJ, bytes(b => b.subarray(0, b.length / 2)), 'DOCUMENT_MALFORMED', /^line \d+, column \d+$/],
    ['truncated XML', FJ, bytes(b => b.subarray(0, b.indexOf('</queryByParameter'))), 'DOCUMENT_MALFORMED', /^line \d+, column \d+$/],
    ['truncated flat file', JX, bytes(b => b.subarray(0, b.indexOf('#TRAILER'))), 'ROW_COUNT_WRONG', 'trailer'],
    ['a row changed after its trailer was made', JX, bytes(b => Buffer.from(b.toString('latin1').replace('|19850412|', '|19850413|'), 'latin1')), 'ROW_COUNT_WRONG', 'trailer'],
    ['an external entity', FJ, text(/^[^]*$/, DOCTYPE('<!ENTITY x SYSTEM "file:///etc/passwd">')(FJ.body.toString()).replace('林晓梅', '&x;')), 'XML_DOCTYPE_FORBIDDEN', /^line \d+/],
    ['a billion laughs', FJ, text(/^[^]*$/, DOCTYPE(`<!ENTITY l0 "ha">${LAUGHS}`)(FJ.body.toString()).replace('林晓梅', '&l12;')), 'XML_DOCTYPE_FORBIDDEN', /^line \d+/],
    ['deep nesting, JSON', ZJ, bytes(() => Buffer.from(`{"patient":${'['.repeat(500_000)}`)), 'NESTING_TOO_DEEP', ''],
    ['deep nesting, XML', FJ, bytes(() => Buffer.from('<PRPA_IN201305UV02 xmlns="urn:hl7-org:v3">' + '<a>'.repeat(300_000))), 'NESTING_TOO_DEEP', ''],
    ['nothing at all', ZJ, bytes(() => Buffer.alloc(0)), 'DOCUMENT_MALFORMED', /.*/],
    ['a member that would change every object', ZJ, text('"targets"', '"__proto__": {"role": "operator"}, "targets"'), 'FIELD_INVALID', '/__proto__'],
    ['a document of another message', ZJ, () => requestOf('zhejiang', 'list-patient-x'), 'DIALECT_MISMATCH', '/serviceCode'],
    ['wrong check digit, JSON', ZJ, text('330329198504120121', '330329198504120122'), 'CHECK_DIGIT_WRONG', '/patient/WS02_01_030_01'],
    ['wrong check digit, XML', FJ, text('330329198504120121', '330329198504120122'), 'CHECK_DIGIT_WRONG', `${PERSON}/livingSubjectId/value/@extension`],
    ['unknown code', FJ, text('<value code="2"', '<value code="7"'), 'CODE_UNKNOWN', `${PERSON}/livingSubjectAdministrativeGender/value/@code`],
    ['a code that its name contradicts', ZJ, text('"女"', '"男"'), 'FIELD_INVALID', '/patient/CT02_01_040_01'],
    ['missing field', FJ, text('<value>林晓梅</value>', '<value/>'), 'FIELD_MISSING', `${PERSON}/livingSubjectName/value`],
    ['missing purpose', FJ, text(/<reasonCode[^>]*>/, ''), 'PURPOSE_MISSING', '/PRPA_IN201305UV02/controlActProcess/reasonCode/@code'],
    ['missing purpose, in a header', JX, without('Tongqu-Purpose'), 'PURPOSE_MISSING', 'Tongqu-Purpose'],
    ['missing requester', JX, without('Tongqu-Requester'), 'REQUESTER_MISSING', 'Tongqu-Requester'],
    ['missing consent and legal basis', FJ, text(/<consent>[^]*<\/consent>/, ''), 'BASIS_MISSING', /^\/PRPA_IN201305UV02\/controlActProcess\/consent\//],
    ['missing consent and legal basis, in a header', JX, without('Tongqu-Authorization'), 'BASIS_MISSING', 'Tongqu-Authorization'],
    ['unknown province, in a header', JX, r => ({ ...r, headers: { ...r.headers, 'Tongqu-Targets': '440000' } }), 'PROVINCE_UNKNOWN', 'Tongqu-Targets'],
    ['unknown province, in the document', FJ, text('extension="360000"', 'extension="440000"'), 'PROVINCE_UNKNOWN', '/PRPA_IN201305UV02/receiver[2]/device/id/@extension'],
    ['a header that cannot be read', ZJ, r => ({ ...r, headers: { 'tongqu-case': 'mine' } }), 'HEADER_INVALID', 'Tongqu-Case'],
    ['a header that contradicts the document', ZJ, r => ({ ...r, headers: { 'tongqu-purpose': 'ETREAT' } }), 'HEADER_CONTRADICTS_BODY', '/authorization/WS99_99_911_01'],
    ['a form that no reply has', ZJ, r => ({ ...r, headers: { accept: 'text/html' } }), 'NOT_ACCEPTABLE', 'Accept'],
  ])('%s', async (_, request, change, code, pointer) => {
    const began = performance.now()
    const problem = expectRefusal(await discoverBy(SENDERS.get(request)!, change(request)), code)
    expect(problem.faults[0]!.pointer).toEqual(typeof pointer === 'string' ? pointer : expect.stringMatching(pointer))
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it('is told all its faults at once, each in the sender’s own document, in the language asked for', async () => {
    const wrong = [['330329198504120121', '330329198504120122'], ['"WS02_01_040_01": "2"', '"WS02_01_040_01": "7"'], ['"WS02_01_039_001": "林晓梅"', '"WS02_01_039_001": "-"'], ['"19850412"', '"19851341"'], ['"10"', '""'], ['"诊疗"', '""']] as const
    const answer = await discoverBy(askerOf('zhejiang'), edited(ZJ, t => wrong.reduce((at, [from, to]) => at.replace(from, to), t)), { 'accept-language': 'en-GB, zh;q=0.5' })
    const problem = problemOf(answer)
    expect([answer.headers.get('content-language'), problem.title, problem.type]).toEqual(['en', FAILURES.CHECK_DIGIT_WRONG.en, '/docs#CHECK_DIGIT_WRONG'])
    expect(problem.faults.map(f => [f.code, f.pointer])).toEqual(expect.arrayContaining([
      ['CHECK_DIGIT_WRONG', '/patient/WS02_01_030_01'], ['CODE_UNKNOWN', '/patient/WS02_01_040_01'], ['FIELD_MISSING', '/patient/WS02_01_039_001'], ['FIELD_INVALID', '/patient/WS02_01_005_01'], ['PURPOSE_MISSING', '/authorization/WS99_99_911_01'],
    ]))
    expect(problem.faults).toHaveLength(5)
    expect(hasPersonalData(answer.text, personalDataOf())).toBe(false)
  })

  it('60 MB from an ordinary client, which sends all of it before it listens: told why, every time', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => discoverBy(askerOf('zhejiang'), { ...ZJ, body: Buffer.alloc(60 << 20, 'x') })))
    for (const answer of answers) expectRefusal(answer, 'BODY_TOO_LARGE')
  })

  it.each([['a length that is told', { 'content-length': String(60 << 20) }], ['no length', { 'transfer-encoding': 'chunked' }]])('60 MB with %s: refused before it is read', async (_, headers) => {
    const memory = measurePeak(system.pid)
    const began = performance.now()
    const { status, body } = await postEndless(`${system.url}/v1/exchanges/medical-records/discover`, { authorization: `Bearer ${system.keyOf(askerOf('zhejiang'))}`, 'content-type': ZJ.contentType, ...headers })
    expect([status, (JSON.parse(body) as Problem).code]).toEqual([413, 'BODY_TOO_LARGE'])
    expect(performance.now() - began).toBeLessThan(5000)
    expect(memory()).toBeLessThan(40)
  })
})

describe('a caller who may not', () => {
  let before: number
  beforeEach(async () => { before = await recorded() })
  afterEach(async () => { expect(await recorded()).toBe(before) })

  it('has no key', async () => {
    const answer = await discoverBy(null, ZJ)
    expectRefusal(answer, 'NOT_AUTHENTICATED')
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    for (const path of ['/v1/exchanges/0193c0de-0000-7000-8000-000000000001', '/v1/inbox', '/v1/participants', '/v1/evidence']) expectRefusal(await system.call(path, { as: null }), 'NOT_AUTHENTICATED')
  })

  it('has a key that nobody issued, or one that was revoked', async () => {
    const key = system.keyOf(askerOf('zhejiang'))
    system.adopt('stranger', `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)
    expectRefusal(await discoverBy('stranger', ZJ), 'NOT_AUTHENTICATED')
    const { keyId } = await system.register('lishui-hospital', '330000', [{ exchange: '*', province: '*', purposes: ['*'] }])
    expectRefusal(await discoverBy('lishui-hospital', edited(ZJ, () => '{}')), 'DIALECT_MISMATCH')
    await system.operate('DELETE', `/v1/participants/lishui-hospital/keys/${keyId}`)
    expectRefusal(await discoverBy('lishui-hospital', ZJ), 'KEY_REVOKED')
  })

  it('has no right: not to this province, not for this purpose, none at all, or holds only', async () => {
    await system.register('nanping-hospital', '350000', [{ exchange: 'medical-records.discover', province: '330000', purposes: ['TREAT'] }])
    const problem = expectRefusal(await discoverBy('nanping-hospital', FJ), 'RIGHT_MISSING')
    expect(problem.faults.map(f => f.pointer)).toEqual(['/PRPA_IN201305UV02/receiver[2]/device/id/@extension'])
    expectRefusal(await discoverBy('nanping-hospital', requestOf('fujian', 'discover-lower-case-x')), 'RIGHT_MISSING')
    expectRefusal(await system.send('nanping-hospital', 'list', requestOf('fujian', 'list-patient-x')), 'RIGHT_MISSING')
    await system.register('wuyishan-hospital', '350000', [])
    expectRefusal(await discoverBy('wuyishan-hospital', FJ), 'RIGHT_MISSING')
    expectRefusal(await discoverBy('fujian-platform', FJ), 'RIGHT_MISSING')
    expectRefusal(await system.call('/v1/participants', { as: askerOf('fujian') }), 'RIGHT_MISSING')
  })

  it('asks for what does not exist', async () => {
    expectRefusal(await system.send(askerOf('zhejiang'), 'vaccinate', ZJ), 'EXCHANGE_UNKNOWN')
    expectRefusal(await system.call(`/v1/exchanges/${randomUUID()}`, { as: askerOf('zhejiang') }), 'EXCHANGE_UNKNOWN')
    expectRefusal(await system.call('/v1/exchanges/mine/reply', { as: askerOf('zhejiang') }), 'EXCHANGE_UNKNOWN')
    expectRefusal(await system.call('/v2/everything', { as: askerOf('zhejiang') }), 'ROUTE_UNKNOWN')
  })

  it('calls too often', async () => {
    await system.register('busy-hospital', '330000', [])
    const answers = await Promise.all(Array.from({ length: 10 * RATE_PER_SECOND }, () => system.call('/v1/exchanges/mine', { as: 'busy-hospital' })))
    const refused = answers.filter(a => a.status === 429)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) expect([answer.json<Problem>().code, Number(answer.headers.get('retry-after')) >= 1]).toEqual(['RATE_LIMITED', true])
    expect((await system.call(`/v1/exchanges/${randomUUID()}`, { as: askerOf('zhejiang') })).status).toBe(404)
  })
})

describe('a request that is taken and then refused', () => {
  it('by the rules of access: it ends as rejected, with its reasons, and no province was asked', async () => {
    const answer = await discoverBy(askerOf('fujian'), text('20991231', '20200101')(FJ))
    const problem = expectRefusal(answer, 'ACCESS_DENIED')
    expect(problem.faults.map(f => f.en)).toEqual([expect.stringContaining('EXPIRED')])
    const record = (await system.call(problem.exchange!, { as: askerOf('fujian') })).json<{ id: string; state: string }>()
    expect(record.state).toBe('REJECTED')
    for (const province of ['330000', '360000']) expect((await system.ledger(province)).filter(e => e.exchangeId === record.id)).toEqual([])
  })

  it('out of its turn: no list before a discovery, and no part in somebody else’s case', async () => {
    const caseId = randomUUID()
    expectRefusal(await system.send(askerOf('fujian'), 'list', requestOf('fujian', 'list-patient-x'), { 'tongqu-case': caseId }), 'STATE_FORBIDS')
    const foreign = expectRefusal(await discoverBy(askerOf('zhejiang'), ZJ, { 'tongqu-case': caseId }), 'RIGHT_MISSING')
    expect(foreign.faults[0]!.pointer).toBe('Tongqu-Case')
    const taken = expectRefusal(await system.send(askerOf('fujian'), 'list', requestOf('fujian', 'list-patient-x'), { 'tongqu-case': caseId, 'tongqu-sequence': '1' }), 'SEQUENCE_TAKEN')
    expect(taken.faults[0]!.pointer).toBe('Tongqu-Sequence')
  })
})

describe('a request that comes twice', () => {
  it('with the same bytes is one exchange with one answer', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    const answers = await Promise.all(Array.from({ length: 6 }, () => discoverBy(askerOf('fujian'), FJ, headers)))
    expect(new Set(answers.map(a => a.headers.get('tongqu-exchange'))).size).toBe(1)
    expect(answers.filter(a => a.headers.get('idempotency-replayed') === 'true')).toHaveLength(5)
    for (const answer of answers) expect(elementOf(answer.bytes)).toEqual(elementOf(fixture('fujian', 'results/discover-complete.xml')))
    const exchange = answers[0]!.headers.get('tongqu-exchange')!
    for (const province of ['330000', '360000']) expect((await system.ledger(province)).filter(e => e.exchangeId === exchange).map(e => e.effects)).toEqual([1])
  })

  it('with other bytes or to another exchange is a conflict, and another participant’s key is its own', async () => {
    const headers = { 'idempotency-key': randomUUID() }
    expect((await discoverBy(askerOf('fujian'), FJ, headers)).status).toBe(200)
    const before = await recorded()
    expect(expectRefusal(await discoverBy(askerOf('fujian'), requestOf('fujian', 'discover-patient-u'), headers), 'IDEMPOTENCY_CONFLICT').faults[0]!.pointer).toBe('Idempotency-Key')
    expectRefusal(await system.send(askerOf('fujian'), 'list', requestOf('fujian', 'list-patient-x'), headers), 'IDEMPOTENCY_CONFLICT')
    expect(await recorded()).toBe(before)
    expect((await discoverBy(askerOf('zhejiang'), ZJ, headers)).status).toBe(200)
  })
})

describe('after all of it', () => {
  it('nothing is half done, and the system answers as before', async () => {
    expect((await discoverBy(askerOf('zhejiang'), ZJ)).headers.get('tongqu-partial')).toBe('false')
    expect(await system.database.query(`SELECT id FROM gateway.exchange WHERE state IN ('OPEN', 'BLOCKED')`)).toEqual([])
    for (const service of ['medical_records', 'connector']) for (const table of ['parked', 'dead_letter', 'effect']) expect([table, await system.database.query(`SELECT 1 FROM ${service}.${table}`)]).toEqual([table, []])
  })
})

/** Sends without end until it is answered; by hand, since HTTP clients look at no answer once their own sending has failed. */
function postEndless(url: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; body: string }> {
  const { host, hostname, port, pathname } = new URL(url)
  const chunked = 'transfer-encoding' in headers
  const chunk = Buffer.alloc(1 << 16, 'x')
  const piece = chunked ? Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]) : chunk
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.write(`POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    const go = (): void => { if (!answer && !socket.destroyed && socket.write(piece)) setImmediate(go) }
    socket.on('connect', go).on('drain', () => setImmediate(go))
    socket.on('data', (part: Buffer) => {
      answer += part.toString()
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
      if (Buffer.byteLength(body) >= length) { resolve({ status: Number(head.split(' ')[1]), body }); socket.destroy() }
    })
    socket.on('error', reject).on('close', () => reject(new Error('closed without an answer')))
  })
}

/** MB by which the process's memory grew at most meanwhile; 0 where the system does not tell. */
function measurePeak(pid: number): () => number {
  if (process.platform !== 'linux') return () => 0
  const read = (what: string): number => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  // the peak begins anew at what is in use now
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  const before = read('VmRSS')
  return () => read('VmHWM') - before
}
