import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { newId } from '#kernel'
import { toEnvelope } from '#messaging'
import { findPersonalData } from '#observability'
import { askerOf, edited, folderOf, requestOf, slugs, type NativeRequest } from './documents.js'
import { EmbeddedSystem, eventually } from './embedded-system.js'
import { hasPersonalData, personalDataOf } from './personal-data.js'

const ID_NUMBER = '330329198504120121'
let system: EmbeddedSystem
const exchanges: string[] = []
/** Problem documents and refusals: what was said to callers who are told nothing. */
const refusals: string[] = []

beforeAll(async () => {
  system = await EmbeddedSystem.start({ LOG_LEVEL: 'trace' })
  await watchTables()
  for (const slug of slugs) await playEverything(slug)
  await misbehavingProvinces()
  await badInput()
  await deadLetter()
  await strangers()
}, 150_000)
afterAll(() => system?.stop())

/** Every row that is written from now on, as text, so that also what is deleted again is seen. */
async function watchTables(): Promise<void> {
  const { query } = system.database
  await query('CREATE TABLE public.seen (place text, row text)')
  await query(`CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
    INSERT INTO public.seen VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, row_to_json(NEW)::text); RETURN NULL; END $f$`)
  const tables = await query<{ place: string }>(`SELECT format('%I.%I', schemaname, tablename) AS place FROM pg_tables WHERE schemaname IN ('gateway', 'medical_records', 'connector')`)
  for (const { place } of tables) await query(`CREATE TRIGGER seen AFTER INSERT OR UPDATE ON ${place} FOR EACH ROW EXECUTE FUNCTION public.see()`)
}

async function ask(slug: string, message: string, request: NativeRequest, headers: Readonly<Record<string, string>> = {}): Promise<string | undefined> {
  const answer = await system.send(askerOf(slug), message, request, headers)
  const exchange = answer.headers.get('tongqu-exchange')
  if (exchange) exchanges.push(exchange)
  if (answer.status !== 200) refusals.push(answer.text)
  return answer.headers.get('tongqu-case') ?? undefined
}

/** Everything that the province's askers send, the lists and documents in the case of the person they belong to. */
async function playEverything(slug: string): Promise<void> {
  const names = readdirSync(join(folderOf(slug), 'fixtures/requests')).filter(file => !file.endsWith('.yaml')).map(file => file.replace(/\.\w+$/, ''))
  const discoveries = names.filter(name => name.startsWith('discover-'))
  await Promise.all(discoveries.map(name => ask(slug, 'discover', requestOf(slug, name))))
  const caseId = await ask(slug, 'discover', requestOf(slug, 'discover-patient-x'))
  for (const name of names.filter(n => !n.startsWith('discover-')).sort()) await ask(slug, name.split('-')[0]!, requestOf(slug, name), { 'tongqu-case': caseId! })
}

async function misbehavingProvinces(): Promise<void> {
  for (const switches of [{ wrongAnswer: 'malformed' }, { wrongAnswer: 'other-patient' }, { fault: true }, { down: 'unavailable' }]) {
    await system.misbehave('330000', switches)
    await ask('fujian', 'discover', requestOf('fujian', 'discover-patient-x'))
    await system.restore('330000')
  }
}

async function badInput(): Promise<void> {
  const [zhejiang, fujian, jiangxi] = ['zhejiang', 'fujian', 'jiangxi'].map(slug => requestOf(slug, 'discover-patient-x')) as [NativeRequest, NativeRequest, NativeRequest]
  const wrong = (request: NativeRequest, ...changes: [string, string][]): NativeRequest => edited(request, text => changes.reduce((at, [from, to]) => at.replace(from, to), text))
  await ask('zhejiang', 'discover', wrong(zhejiang, [ID_NUMBER, '330329198504120122'], ['"19850412"', '"13800000101"'], ['"2"', '"林晓梅"']))
  await ask('zhejiang', 'discover', wrong(zhejiang, ['"patient"', `"${ID_NUMBER}"`], ['{', '{{林晓梅']))
  await ask('zhejiang', 'discover', { ...zhejiang, body: zhejiang.body.subarray(0, 400) })
  await ask('fujian', 'discover', wrong(fujian, ['<value>林晓梅</value>', '<林晓梅>']))
  await ask('fujian', 'discover', wrong(fujian, ['extension="360000"', `extension="${ID_NUMBER}"`], ['code="01"', 'code="林晓梅"']))
  await ask('fujian', 'discover', wrong(fujian, ['20991231', '20200101']))
  await ask('jiangxi', 'discover', { ...jiangxi, body: jiangxi.body.subarray(0, 90) })
  const header = encodeURIComponent('林晓梅')
  await ask('jiangxi', 'discover', { ...jiangxi, headers: { ...jiangxi.headers, 'Tongqu-Requester': header, 'Tongqu-Targets': ID_NUMBER, 'Tongqu-Purpose': header, 'Tongqu-Case': ID_NUMBER, 'Tongqu-Sequence': '13800000101' } })
  for (const path of [`/v1/exchanges/${ID_NUMBER}`, `/v1/exchanges/${ID_NUMBER}/reply`, `/${header}/${ID_NUMBER}`, `/v1/inbox/${ID_NUMBER}/answer`]) refusals.push((await system.call(path, { as: askerOf('fujian') })).text)
  refusals.push((await system.call(`/v1/exchanges?case=${ID_NUMBER}&state=${header}`, { as: system.operator })).text)
}

/** A message whose handler fails on content that its error would repeat. It is sealed as the pipeline seals what it sets aside. */
async function deadLetter(): Promise<void> {
  const [id, caseId] = [newId(), newId()]
  const { topic, key, headers, body } = toEnvelope({
    id, type: 'medical-records.discover.request', source: 'gateway', caseId, key: caseId, topic: 'tongqu.medical-records', exchangeId: newId(), time: new Date().toISOString(), attempt: 0, traceparent: '', versions: {}, trail: [],
    body: Buffer.from(`林晓梅 ${ID_NUMBER} 13800000101`),
  })
  const envelope = system.sealer.seal(JSON.stringify({ topic, key, headers, body: body.toString('base64') }), id)
  await system.database.query(`INSERT INTO medical_records.parked (id, exchange_id, case_id, reason, due_at, attempt, envelope) VALUES ($1, $2, $3, 'retry', now(), 0, $4)`, [id, randomUUID(), caseId, envelope])
  await eventually(async () => (await system.operate<{ deadLetters: { id: string }[] }>('GET', '/v1/dead-letters')).deadLetters.find(d => d.id === id), 'the dead letter')
  await system.operate('POST', `/v1/dead-letters/${id}/replay`, {})
}

/** Others ask for what is not theirs. */
async function strangers(): Promise<void> {
  const ofFujian = exchanges.at(-1)!
  for (const path of [`/v1/exchanges/${ofFujian}`, `/v1/exchanges/${ofFujian}/reply`, '/v1/access-notices', '/v1/dead-letters']) {
    for (const as of [askerOf('jiangxi'), null]) refusals.push((await system.call(path, { as })).text)
  }
  const caseOfFujian = (await system.database.query<{ case_id: string }>('SELECT case_id FROM gateway.exchange WHERE id = $1', [ofFujian]))[0]!.case_id
  await ask('zhejiang', 'list', requestOf('zhejiang', 'list-patient-x'), { 'tongqu-case': caseOfFujian })
}

/** Where something personal stands in these texts; the value is not repeated. */
const placesIn = (texts: readonly { readonly place: string; readonly text: string }[]): string[] => texts.filter(({ text }) => hasPersonalData(text, personalDataOf())).map(({ place }) => place)
const linesOf = (place: string, text: string) => text.split('\n').map((line, n) => ({ place: `${place}:${n + 1}`, text: line }))

describe('personal data', () => {
  it('was there to be found: everybody in the fixtures is known, and everything was played', () => {
    const { names, numbers } = personalDataOf()
    expect(names).toEqual(expect.arrayContaining(['林晓梅', '张伟', '周建军', '王𬎆', '迪丽努尔・艾合买提'.normalize('NFKC').replace('・', '·'), '郑文彬', '吴海平', '刘志强', '陈立群', '胡春兰', '苏丽清']))
    expect(numbers).toEqual(expect.arrayContaining([ID_NUMBER, '350902490730011', '13800000101', '13800000404']))
    expect(exchanges.length).toBeGreaterThan(30)
    expect(refusals.length).toBeGreaterThan(20)
  })

  it('stands in no line that the process wrote, at the finest log level', async () => {
    await pause(200)
    expect(system.said).toContain('handler failed')
    expect(placesIn(linesOf('terminal', system.said))).toEqual([])
  })

  it('stands in no column of any table that is not sealed: topic keys, headers, traces, steps, dead letters, evidence, notices', async () => {
    const rows = await system.database.query<{ place: string; row: string }>('SELECT place, row FROM public.seen')
    const places = new Set(rows.map(r => r.place))
    for (const place of ['gateway.exchange', 'gateway.evidence', 'gateway.access_notice', 'gateway.dead_letter_notice', 'medical_records.outbox', 'medical_records.cases', 'medical_records.dead_letter', 'medical_records.document', 'connector.effect', 'connector.outbox']) expect(places).toContain(place)
    expect(placesIn(rows.map(r => ({ place: r.place, text: r.row })))).toEqual([])
  })

  it('stands in no file of the data folder, the database’s own files and its log included', () => {
    const { numbers } = personalDataOf()
    const files = readdirSync(system.dataDir, { recursive: true, encoding: 'utf8' }).map(file => join(system.dataDir, file)).filter(file => statSync(file, { throwIfNoEntry: false })?.isFile())
    expect(files.some(file => file.endsWith('server.log')) && files.some(file => file.includes('pg_wal')) && files.some(file => file.endsWith('ledger.jsonl'))).toBe(true)
    const found = files.filter(file => { const bytes = readFileSync(file); return numbers.some(number => bytes.includes(number)) })
    expect(found).toEqual([])
  })

  it('stands in nothing that operators are shown: exchanges and their steps, dead letters, evidence, notices, metrics', async () => {
    const paths = ['/v1/exchanges?limit=1000', '/v1/dead-letters?limit=1000', '/v1/evidence', '/v1/access-notices?limit=1000', '/v1/participants', '/metrics', ...exchanges.map(id => `/v1/exchanges/${id}`)]
    const texts = await Promise.all(paths.map(async path => ({ place: path, ...await system.call(path, { as: system.operator }) })))
    expect(texts.map(t => [t.place, t.status])).toEqual(paths.map(path => [path, 200]))
    expect(placesIn(texts)).toEqual([])
  })

  it('stands in no refusal, neither the sender’s own nor others’', () => {
    expect(placesIn(refusals.map((text, n) => ({ place: `refusal ${n}`, text })))).toEqual([])
  })

  it('would have been found (control): in a line, in a column, in a header and in another way of writing', async () => {
    const planted = [`id=${ID_NUMBER}`, '{"name":"林晓梅"}', encodeURIComponent('林晓梅'), '３３０３２９１９８５０４１２０１２１', '电话13800000101', '350902490730011', '33032419900115009x']
    expect(planted.filter(text => !hasPersonalData(text, personalDataOf()))).toEqual([])
    expect(findPersonalData(`digest 0a${ID_NUMBER} ${randomUUID()}`)).toEqual([])
    await system.operate('POST', '/v1/participants', { id: 'planted', name: '林晓梅', province: '330000', organizationCode: ID_NUMBER, role: 'asker' })
    const rows = await system.database.query<{ place: string; row: string }>('SELECT place, row FROM public.seen')
    expect(placesIn(rows.map(r => ({ place: r.place, text: r.row })))).toContain('gateway.participant')
  })
})
