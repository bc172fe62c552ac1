import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sha256Hex, verifyChains, type EvidenceRow } from '#security'
import { askerOf, elementOf, fixture, jsonOf, requestOf, rowsOf } from './documents.js'
import { EmbeddedSystem, eventually, type Answer, type Problem } from './embedded-system.js'
import { cdaDiagnoses, cdaLabItems, fhirDiagnoses, fhirLabItems, flatLabItems, jsonLabItems, type FhirBundle } from './lab-items.js'

const DISCHARGE = 'registry/documents/discharge-summary.csv'
let system: EmbeddedSystem
beforeAll(async () => { system = await EmbeddedSystem.start() }, 90_000)
afterAll(() => system?.stop())

interface Record { readonly id: string; readonly caseId: string; readonly state: string; readonly partial: boolean; readonly purpose: string; readonly targets: string[]; readonly steps: { by: string; what: string; at: string; ms: number; note?: string; versions?: object }[] }

/** A clinician of one province, with the case that the first answer named. */
class Clinician {
  caseId: string | undefined
  readonly exchanges: string[] = []
  readonly participant: string
  constructor(readonly slug: string) { this.participant = askerOf(slug) }

  async ask(message: string, file: string, headers: { [name: string]: string } = {}): Promise<Answer> {
    const answer = await system.send(this.participant, message, requestOf(this.slug, file), { ...(this.caseId !== undefined && { 'tongqu-case': this.caseId }), ...headers })
    this.caseId ??= answer.headers.get('tongqu-case') ?? undefined
    const exchange = answer.headers.get('tongqu-exchange')
    if (exchange) this.exchanges.push(exchange)
    return answer
  }

  get(path: string, headers: { [name: string]: string } = {}): Promise<Answer> { return system.call(path, { as: this.participant, headers }) }
}

/** Documents that a province holds as valid, from its own list. */
const CURRENT = {
  330000: jsonOf<{ data: { [column: string]: string }[] }>(fixture('zhejiang', 'registry/answers/list-patient-x.json')).data.filter(d => d.WS06_00_901_01 === '0').map(d => d.WS99_99_904_01!),
  360000: rowsOf(fixture('jiangxi', 'registry/answers/list-patient-x.csv')).filter(d => d.WDZT === '1').map(d => d.WDBH!),
}

describe('a clinician in Ningde', () => {
  let ningde: Clinician
  beforeAll(() => { ningde = new Clinician('fujian') })

  it('finds the person in Zhejiang and in Jiangxi, certain by number and name', async () => {
    const answer = await ningde.ask('discover', 'discover-patient-x')
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('tongqu-partial')]).toEqual([200, 'application/xml; charset=utf-8', 'false'])
    expect(elementOf(answer.bytes)).toEqual(elementOf(fixture('fujian', 'results/discover-complete.xml')))
  })

  it('is told the valid documents of both, with the hash of what each holds', async () => {
    const answer = await ningde.ask('list', 'list-patient-x', { accept: 'application/fhir+json' })
    expect([answer.status, answer.headers.get('tongqu-partial')]).toEqual([200, 'false'])
    const documents = answer.json<{ entry: { resource: { masterIdentifier: { value: string }; status: string; content: { attachment: { hash: string } }[] } }[] }>().entry.map(e => e.resource)
    expect(documents.map(d => d.masterIdentifier.value).sort()).toEqual([...CURRENT[330000], ...CURRENT[360000]].sort())
    expect(documents.map(d => d.status)).toEqual(documents.map(() => 'current'))
    const lab = documents.find(d => d.masterIdentifier.value === 'ZJWZ-JY-20260915-00231.2')!
    expect(lab.content[0]!.attachment.hash).toBe(sha256Hex(fixture('zhejiang', 'registry/documents/lab-report-biochemistry.json')))
  })

  it('reads Zhejiang’s laboratory report as CDA and as FHIR, value by value as it was written', async () => {
    const written = jsonLabItems(fixture('zhejiang', 'registry/documents/lab-report-biochemistry.json'))
    expect(written).toHaveLength(5)
    const answer = await ningde.ask('retrieve', 'retrieve-lab-report')
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/xml; charset=utf-8'])
    expect(cdaLabItems(answer.bytes)).toEqual(written)
    const fhir = await ningde.get(answer.headers.get('content-location')!, { accept: 'application/fhir+json' })
    expect(fhir.headers.get('content-type')).toMatch(/^application\/fhir\+json/)
    expect(fhirLabItems(fhir.json<FhirBundle>())).toEqual(written)
  })

  it('reads Jiangxi’s discharge summary as CDA and as FHIR, with its diagnoses, its operation and its times', async () => {
    const rows = rowsOf(fixture('jiangxi', DISCHARGE))
    const written = rows.map(row => ({ code: row.ZDBM1, name: row.ZDMC1 }))
    const answer = await ningde.ask('retrieve', 'retrieve-discharge-summary')
    expect(answer.status).toBe(200)
    expect(cdaDiagnoses(answer.bytes)).toEqual(written)
    for (const text of [rows[0]!.SSBM1!, '20260310214000', '20260318100000', rows[0]!.ZLGC!, rows[0]!.CYYZ!, '林晓梅']) expect(answer.text).toContain(text)
    const bundle = (await ningde.get(answer.headers.get('content-location')!, { accept: 'application/fhir+json' })).json<FhirBundle>()
    expect(fhirDiagnoses(bundle)).toEqual(written)
    expect(bundle.entry.find(e => e.resource.resourceType === 'Encounter')!.resource).toMatchObject({ period: { start: '2026-03-10T21:40:00+08:00', end: '2026-03-18T10:00:00+08:00' } })
    expect(bundle.entry.find(e => e.resource.resourceType === 'Procedure')!.resource).toMatchObject({ code: { coding: expect.arrayContaining([expect.objectContaining({ code: rows[0]!.SSBM1 })]) } })
  })

  it('is answered at once and fetches the reply when it is there', async () => {
    const { contentType, body } = requestOf('fujian', 'discover-patient-x')
    const accepted = await system.call('/v1/exchanges/medical-records/discover', { as: ningde.participant, method: 'POST', body, headers: { 'content-type': contentType } })
    expect([accepted.status, accepted.json<{ state: string }>().state]).toEqual([202, 'OPEN'])
    const location = accepted.headers.get('location')!
    const record = await eventually(async () => { const r = (await ningde.get(location)).json<Record>(); return r.state === 'OPEN' ? undefined : r }, 'the end of the exchange')
    expect(record).toMatchObject({ state: 'COMPLETED', partial: false, purpose: 'TREAT', targets: ['330000', '360000'] })
    const reply = await ningde.get(`${location}/reply`)
    expect(elementOf(reply.bytes)).toEqual(elementOf(fixture('fujian', 'results/discover-complete.xml')))
  })

  it('sees every step of the journey with its time, and nobody else sees it', async () => {
    const record = (await ningde.get(`/v1/exchanges/${ningde.exchanges[0]!}`)).json<Record>()
    const told = record.steps.map(step => `${step.by} ${step.what}`)
    expect(told[0]).toBe('gateway accepted')
    expect(told.at(-1)).toBe('gateway finished')
    expect(told).toContain('medical-records medical-records.discover.request')
    expect(told.filter(step => step.endsWith('translate-out'))).toHaveLength(2)
    expect(told.filter(step => step.endsWith('translate-in'))).toHaveLength(2)
    for (const { at, ms } of record.steps) expect([new Date(at).toISOString(), ms >= 0]).toEqual([at, true])
    expect(record.steps.map(s => s.at)).toEqual(record.steps.map(s => s.at).toSorted())
    const other = await system.call(`/v1/exchanges/${record.id}`, { as: askerOf('jiangxi') })
    expect([other.status, other.json<Problem>().code]).toEqual([404, 'EXCHANGE_UNKNOWN'])
  })

  it('leaves an AuditEvent of every query and of every disclosure, with who, why and on which ground', async () => {
    const rows = await system.database.query<{ id: string; exchange_id: string; body: Buffer }>(`SELECT id, exchange_id, body FROM medical_records.document WHERE kind = 'AuditEvent' AND exchange_id = ANY($1::uuid[])`, [ningde.exchanges])
    const events = rows.map(row => ({ exchange: row.exchange_id, event: JSON.parse(system.sealer.open(row.body, row.id).toString()) as { action: string; outcome: string } }))
    for (const exchange of ningde.exchanges) expect(events.filter(e => e.exchange === exchange).map(e => e.event.action).sort()).toEqual(['E', 'R'])
    const text = JSON.stringify(events)
    for (const said of ['郑文彬', '488250168', 'FJ-CONSENT-20261102-0301', 'MZ2611021130', 'TREAT']) expect(text).toContain(said)
    expect(text).not.toContain('330329198504120121')
  })

  it('leaves a notice for the person of every disclosure, which operators alone may list', async () => {
    for (const exchange of ningde.exchanges) {
      const { accessNotices } = (await system.call(`/v1/access-notices?exchange=${exchange}`, { as: system.operator })).json<{ accessNotices: { organization: object; purpose: string; personKey: string; provinces: string[] }[] }>()
      expect(accessNotices).toHaveLength(1)
      expect(accessNotices[0]).toMatchObject({ organization: { code: '488250168', name: '宁德市示范医院' }, purpose: 'TREAT', personKey: system.sealer.keyedHash('person', '01:330329198504120121') })
    }
    const refused = await system.call('/v1/access-notices', { as: ningde.participant })
    expect([refused.status, refused.json<Problem>().code]).toEqual([403, 'RIGHT_MISSING'])
  })
})

describe('askers of the other provinces', () => {
  it('Zhejiang is answered in its own JSON and reads Fujian’s report and Jiangxi’s summary', async () => {
    const wenzhou = new Clinician('zhejiang')
    const found = await wenzhou.ask('discover', 'discover-patient-x')
    expect(found.status).toBe(200)
    expect(found.json()).toEqual(jsonOf(fixture('zhejiang', 'results/discover-complete.json')))
    expect((await wenzhou.ask('list', 'list-patient-x')).status).toBe(200)
    const lab = await wenzhou.ask('retrieve', 'retrieve-lab-report')
    expect(lab.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(jsonLabItems(lab.bytes)).toEqual(cdaLabItems(fixture('fujian', 'registry/documents/lab-report.xml')))
    const summary = await wenzhou.ask('retrieve', 'retrieve-discharge-summary')
    const { diagnoses } = summary.json<{ data: { diagnoses: { [column: string]: string }[] } }>().data
    expect(diagnoses.map(d => ({ code: d.WS05_01_024_01, name: d.CT05_01_024_01 }))).toEqual(rowsOf(fixture('jiangxi', DISCHARGE)).map(row => ({ code: row.ZDBM1, name: row.ZDMC1 })))
  })

  it('Jiangxi sends a flat file with headers beside it and is answered in flat files, byte for byte as written by hand', async () => {
    const shangrao = new Clinician('jiangxi')
    const found = await shangrao.ask('discover', 'discover-patient-x')
    expect([found.status, found.headers.get('content-type')]).toEqual([200, 'text/csv; charset=GB18030'])
    expect(found.bytes.equals(fixture('jiangxi', 'results/discover-complete.csv'))).toBe(true)
    expect((await shangrao.ask('list', 'list-patient-x')).status).toBe(200)
    const lab = await shangrao.ask('retrieve', 'retrieve-lab-report')
    expect(flatLabItems(lab.bytes)).toEqual(jsonLabItems(fixture('zhejiang', 'registry/documents/lab-report-biochemistry.json')))
    const summary = await shangrao.ask('retrieve', 'retrieve-discharge-summary')
    expect(rowsOf(summary.bytes).map(row => ({ code: row.ZDBM1, name: row.ZDMC1 }))).toEqual(cdaDiagnoses(fixture('fujian', 'registry/documents/discharge-summary.xml')))
  })
})

describe('the evidence', () => {
  it('is one unbroken chain of each part, and shows an offline check every change', async () => {
    const exported = await system.call('/v1/evidence', { as: system.operator })
    expect([exported.status, exported.headers.get('tongqu-missing')]).toEqual([200, null])
    const rows = exported.text.trimEnd().split('\n').map(line => JSON.parse(line) as EvidenceRow)
    const { flaws, chains } = verifyChains(rows)
    expect(flaws).toEqual([])
    expect(chains.map(c => [c.chain, c.from])).toEqual(expect.arrayContaining([['connector#0', 1], ['gateway#0.in', 1], ['gateway#0.out', 1], ['medical-records#0', 1]]))
    expect(rows.filter(row => row.what === 'accepted').map(row => row.digest)).toContain(sha256Hex(requestOf('fujian', 'discover-patient-x').body))
    expect(rows.filter(row => row.what === 'disclosed').length).toBeGreaterThanOrEqual(8)
    const changed = rows.map((row, i) => (i === 3 ? { ...row, detail: '{"changed":true}' } : row))
    expect(verifyChains(changed).flaws).toEqual([{ chain: rows[3]!.chain, n: rows[3]!.n, flaw: 'hash' }])
    expect(verifyChains(rows.toSpliced(3, 1)).flaws.map(f => f.flaw)).toContain('gap')
  })
})
