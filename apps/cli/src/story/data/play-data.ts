import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { identitySamples } from '#identity'
import type { Province, Provinces } from '#provinces'
import type { DiscoverRequest, DocumentBundle, ListResult, Patient, RetrieveRequest } from '#schemas'
import { unusable } from '../../command-failure.js'
import type { Asker } from '../asker.js'
import type { Simulators } from '../simulators.js'
import { compareDocuments, lossByField, type Difference, type FieldLoss } from './comparison.rules.js'
import { listAnswer, mappingOf, matchAnswer, writeDocument, type HeldDocument } from './dialect-documents.js'
import { readOutsideRecord, type OutsideRecord } from './outside-record.rules.js'

export interface DataOptions {
  readonly folder: string
  /** The same seed gives the same resident IDs. */
  readonly seed: number
  readonly asker: Asker
  readonly simulators: Simulators
  readonly provinces: Provinces
  /** A request of the asker’s province; who asks, why and on which ground is taken from it. */
  readonly template: Buffer
  readonly askerProvince: string
  /** Who holds laboratory reports, and who holds the summary. */
  readonly holders: { readonly labReports: string; readonly summary: string }
  readonly tell: (line: string) => void
}

export interface PatientReport {
  readonly file: string
  /** Why nothing was played. */
  readonly refused?: string
  /** Documents that the holder’s dialect could not carry at all, and why. */
  readonly notWritten: readonly { readonly id: string; readonly why: readonly string[] }[]
  readonly delivered: readonly { readonly id: string; readonly kept: number; readonly differences: number; readonly ms: number }[]
  readonly failed: readonly { readonly what: string; readonly why: string }[]
}
export interface DataReport {
  readonly patients: readonly PatientReport[]
  /** By kind of resource: fields that arrived as they were, fields that did not. */
  readonly resources: readonly { readonly kind: string; readonly kept: number; readonly differ: number }[]
  readonly loss: readonly FieldLoss[]
  readonly ms: number
}

interface Compared { readonly differences: readonly Difference[]; readonly declared: readonly string[]; readonly kept: Readonly<Record<string, number>> }
const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0)

/** Plays the story with people from outside: documents go through the outbound mappings into the pretend provinces and come back through the gateway. */
export async function playData(o: DataOptions): Promise<DataReport> {
  const began = performance.now()
  const files = bundleFiles(o.folder)
  const samples = identitySamples(o.seed)
  const compared: Compared[] = []
  const patients: PatientReport[] = []
  for (const [i, file] of files.entries()) {
    const reading = readOutsideRecord(readJson(join(o.folder, file)), about => samples.residentId(about))
    const report = reading.ok ? await new PatientStory(o, file, i + 1, compared).play(reading.record) : { file, refused: reading.reason, notWritten: [], delivered: [], failed: [] }
    patients.push(report)
    o.tell(patientLine(report, i + 1, files.length))
  }
  return { patients, resources: byResource(compared), loss: lossByField(compared), ms: Math.round(performance.now() - began) }
}

/** One patient: loaded, discovered, listed, retrieved, compared. */
class PatientStory {
  readonly #notWritten: PatientReport['notWritten'][number][] = []
  readonly #delivered: PatientReport['delivered'][number][] = []
  readonly #failed: PatientReport['failed'][number][] = []

  constructor(private readonly o: DataOptions, private readonly file: string, private readonly number: number, private readonly compared: Compared[]) {}

  async play(record: OutsideRecord): Promise<PatientReport> {
    const { labReports, summary } = this.o.holders
    const held = [
      await this.#load(this.#province(labReports), record.patient, 'lab-report', record.labReports),
      await this.#load(this.#province(summary), record.patient, 'discharge-summary', record.summary ? [record.summary] : []),
    ]
    const targets = held.filter(h => h.documents.length)
    if (targets.length) await this.#ask(record.patient, targets)
    return { file: this.file, notWritten: this.#notWritten, delivered: this.#delivered, failed: this.#failed }
  }

  #province(code: string): Province {
    const province = this.o.provinces.byCode(code)
    if (!province) throw unusable(`There is no province ${code} here.`)
    return province
  }

  async #load(province: Province, patient: Patient, schema: HeldDocument['schema'], sources: readonly DocumentBundle[]): Promise<{ code: string; documents: HeldDocument[] }> {
    const { code } = province.profile
    const own = `OUT${String(this.number).padStart(6, '0')}`
    const known: Patient = { ...patient, identifier: [...patient.identifier, { use: 'secondary', system: 'urn:oid:2.16.156.10011.1.2', value: own }] }
    const documents = sources.flatMap(source => {
      const written = writeDocument(province, schema, source)
      if (!written.ok) { this.#notWritten.push({ id: written.id, why: written.why }); return [] }
      return [written.document]
    })
    const load = (what: string, exchange: string, keys: readonly string[], bytes: Buffer) => this.o.simulators.load(code, what, `medical-records.${exchange}`, keys, bytes)
    if (documents.length) {
      await load(`discover-${own}`, 'discover', [patient.identifier[0]!.value], matchAnswer(province, known))
      await load(`list-${own}`, 'list', [own], listAnswer(province, documents))
    }
    for (const d of documents) await load(d.id, 'retrieve', [d.id], d.bytes)
    return { code, documents }
  }

  async #ask(patient: Patient, held: readonly { code: string; documents: readonly HeldDocument[] }[]): Promise<void> {
    const asker = this.#province(this.o.askerProvince)
    const template = mappingOf(asker, 'discover-request').read(this.o.template)
    if (!template.ok) throw new Error('the template of the request cannot be read')
    const { requester, authorization } = template.canonical as DiscoverRequest
    const write = (schema: string, canonical: unknown) => mappingOf(asker, schema).write(canonical).bytes
    const person = { idType: '01', idNumber: patient.identifier[0]!.value, name: patient.name[0]!.text!, sex: patient.gender === 'male' ? '1' : '2', birthDate: patient.birthDate }
    const discovered = await this.o.asker.ask('discover', write('discover-request', { person, requester, authorization, targets: held.map(h => h.code) }))
    if (discovered.status !== 200 || !discovered.exchange) return this.#fail('discover', discovered)
    const caseId = discovered.exchange
    const listed = await this.o.asker.ask('list', write('list-request', { requester, authorization }), { caseId })
    if (listed.status !== 200 || !listed.exchange) return this.#fail('list', listed)
    const { provinces } = await this.o.asker.canonical<ListResult>(listed.exchange)
    for (const { code, documents } of held) {
      const known = new Set(provinces.find(p => p.province === code)?.documents.map(d => d.masterIdentifier.value))
      for (const d of documents) {
        if (!known.has(d.id)) { this.#failed.push({ what: d.id, why: 'not listed' }); continue }
        await this.#retrieve(d, caseId, write('retrieve-request', { documentId: d.id, documentType: d.schema === 'lab-report' ? 'C0007' : 'C0053', requester, authorization, targets: [code] } satisfies RetrieveRequest))
      }
    }
  }

  async #retrieve(d: HeldDocument, caseId: string, request: Buffer): Promise<void> {
    const began = performance.now()
    const reply = await this.o.asker.ask('retrieve', request, { caseId })
    const ms = Math.round(performance.now() - began)
    if (reply.status !== 200 || !reply.exchange) return this.#fail(d.id, reply)
    const delivered = await this.o.asker.canonical<DocumentBundle>(reply.exchange, 'application/fhir+json')
    const { kept, differences } = compareDocuments(d.source as never, delivered as never)
    this.compared.push({ kept, differences, declared: d.loss.map(l => l.pointer) })
    this.#delivered.push({ id: d.id, kept: sum(Object.values(kept)), differences: differences.length, ms })
  }

  #fail(what: string, reply: { status: number; problem?: { code?: string; faults?: readonly { code: string; pointer: string }[] } }): void {
    this.#failed.push({ what, why: [`HTTP ${reply.status}`, reply.problem?.code, ...(reply.problem?.faults ?? []).map(f => `${f.code} ${f.pointer}`)].filter(Boolean).join(' ') })
  }
}

function byResource(compared: readonly Compared[]): DataReport['resources'] {
  const kinds = new Map<string, { kept: number; differ: number }>()
  const of = (kind: string) => kinds.get(kind) ?? kinds.set(kind, { kept: 0, differ: 0 }).get(kind)!
  for (const { kept, differences } of compared) {
    for (const [kind, count] of Object.entries(kept)) of(kind).kept += count
    for (const d of differences) of(d.field.slice(0, d.field.indexOf('.'))).differ++
  }
  return [...kinds].map(([kind, counts]) => ({ kind, ...counts })).sort((a, b) => (a.kind < b.kind ? -1 : 1))
}

function bundleFiles(folder: string): string[] {
  let files: string[]
  try { files = readdirSync(folder).filter(name => name.endsWith('.json')).sort() } catch (error) { throw unusable(`${folder} cannot be read: ${(error as Error).message}`, undefined, error) }
  if (!files.length) throw unusable(`There is no .json file in ${folder}.`, 'It takes FHIR R4 bundles, one patient a file.')
  return files
}

/** A file that is no JSON is told like one that is no bundle. */
const readJson = (file: string): unknown => { try { return JSON.parse(readFileSync(file, 'utf8')) as unknown } catch { return undefined } }

function patientLine(r: PatientReport, n: number, of: number): string {
  const place = `${String(n).padStart(String(of).length)}/${of}  ${r.file}`
  if (r.refused) return `${place}  — ${r.refused}`
  const kept = sum(r.delivered.map(d => d.kept))
  const differences = sum(r.delivered.map(d => d.differences))
  return [`${place}  ${r.delivered.length} 份文档 documents, ${kept} 项相同 kept, ${differences} 项不同 differ`, ...r.notWritten.map(w => `     无法写入 not written ${w.id}: ${w.why.slice(0, 3).join('; ')}`), ...r.failed.map(f => `     失败 failed ${f.what}: ${f.why}`)].join('\n')
}
