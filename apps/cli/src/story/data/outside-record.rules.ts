import { childId } from '#kernel'
import type { DocumentBundle, Patient } from '#schemas'
import type { Resource } from './comparison.rules.js'

/** A FHIR R4 bundle from outside, of any type: one patient with what was recorded. */
export interface OutsideBundle { readonly resourceType: 'Bundle'; readonly entry?: readonly { readonly fullUrl?: string; readonly resource?: Resource }[] }

/** What becomes of it: documents as this gateway carries them. */
export interface OutsideRecord {
  readonly patient: Patient
  readonly labReports: readonly DocumentBundle[]
  /** Of the newest stay in hospital; where there was none, of the newest emergency or visit with a diagnosis or a procedure. */
  readonly summary?: DocumentBundle
}

export type Reason = 'NO_BUNDLE' | 'NO_PATIENT' | 'SEVERAL_PATIENTS' | 'NO_NAME' | 'NO_BIRTH_DATE' | 'NO_SEX'
export type Reading = { readonly ok: true; readonly record: OutsideRecord } | { readonly ok: false; readonly reason: Reason }

interface Ref { readonly reference?: string }
interface Coding { readonly system?: string; readonly code?: string; readonly display?: string }
interface Concept { readonly coding?: readonly Coding[]; readonly text?: string }

/** WS/T 500 document codes. */
const DOCUMENT_CODES = 'urn:oid:2.16.156.10011.2.4'
const DOCUMENT_NUMBERS = 'urn:oid:2.16.156.10011.1.1'
const RESIDENT_ID = 'urn:oid:2.16.156.10011.1.3'
const ID_TYPES = 'urn:tongqu:CV02.01.101'

/**
 * Builds canonical documents from one patient’s bundle. Resources stay as their source wrote them, so that a comparison with what is
 * delivered speaks of the source; only what a document needs is added: the resident ID, a composition, document numbers.
 * @param residentId makes the number that belongs to this birth and sex
 */
export function readOutsideRecord(bundle: unknown, residentId: (about: { birthDate: string; sex: '1' | '2' }) => string): Reading {
  const refuse = (reason: Reason): Reading => ({ ok: false, reason })
  if ((bundle as OutsideBundle | null)?.resourceType !== 'Bundle') return refuse('NO_BUNDLE')
  const source = new Source(bundle as OutsideBundle)
  const patients = source.of('Patient')
  if (patients.length !== 1) return refuse(patients.length ? 'SEVERAL_PATIENTS' : 'NO_PATIENT')
  const original = patients[0]!
  const birthDate = original.birthDate as string | undefined
  if (!nameText(original)) return refuse('NO_NAME')
  if (!birthDate || !/^\d{4}-\d{2}-\d{2}$/.test(birthDate)) return refuse('NO_BIRTH_DATE')
  if (original.gender !== 'male' && original.gender !== 'female') return refuse('NO_SEX')
  const number = residentId({ birthDate, sex: original.gender === 'male' ? '1' : '2' })
  const patient = {
    ...withNameText(original),
    identifier: [{ use: 'official', type: { coding: [{ system: ID_TYPES, code: '01' }] }, system: RESIDENT_ID, value: number }],
  } as unknown as Patient
  const labReports = source.of('DiagnosticReport').filter(isLabReport).map(report => labDocument(source, patient, report)).filter(d => d !== undefined)
  return { ok: true, record: { patient, labReports, summary: summaryDocument(source, patient) } }
}

/** Resources by type and by every name that a reference may use. */
class Source {
  readonly #all: Resource[]
  readonly #byName = new Map<string, Resource>()
  readonly #urls = new Map<string, string>()
  constructor(bundle: OutsideBundle) {
    this.#all = (bundle.entry ?? []).flatMap(e => (e.resource ? [e.resource] : []))
    for (const { fullUrl, resource } of bundle.entry ?? []) {
      if (!resource) continue
      const name = `${resource.resourceType}/${resource.id as string}`
      if (fullUrl) { this.#byName.set(fullUrl, resource); this.#urls.set(name, fullUrl) }
      this.#byName.set(name, resource)
    }
  }
  of(type: string): Resource[] { return this.#all.filter(r => r.resourceType === type) }
  at(reference: unknown): Resource | undefined {
    const name = (reference as Ref | undefined)?.reference
    return name === undefined ? undefined : this.#byName.get(name)
  }
  /** As its source refers to it, so that references between resources hold. */
  urlOf(resource: Resource): string {
    const name = `${resource.resourceType}/${resource.id as string}`
    return this.#urls.get(name) ?? name
  }
  /** Resources of a type that belong to this encounter. */
  during(type: string, encounter: Resource): Resource[] { return this.of(type).filter(r => this.at(r.encounter ?? r.context) === encounter) }
}

function nameText(person: Resource): string | undefined {
  const name = (person.name as { text?: string; family?: string; given?: string[] }[] | undefined)?.[0]
  return name?.text ?? ([...(name?.given ?? []), name?.family].filter(Boolean).join(' ') || undefined)
}

/** Documents name people by one text; the parts of the name stay beside it. */
function withNameText(person: Resource | undefined): Resource | undefined {
  const text = person && nameText(person)
  return person && text ? { ...person, name: [{ ...(person.name as object[])[0], text }] } : person
}

const hasCode = (concepts: unknown, code: string): boolean => ([concepts].flat() as (Concept | undefined)[]).some(c => c?.coding?.some(k => k.code === code))
const isLabReport = (report: Resource): boolean => hasCode(report.category, 'LAB') && ((report.result as Ref[] | undefined)?.length ?? 0) > 0

function labDocument(source: Source, patient: Patient, report: Resource): DocumentBundle | undefined {
  const results = (report.result as Ref[]).map(r => source.at(r)).filter(r => r !== undefined)
  const valued = results.filter(r => r.valueQuantity !== undefined || r.valueString !== undefined || r.valueCodeableConcept !== undefined)
  const date = (report.issued ?? report.effectiveDateTime) as string | undefined
  if (!valued.length || !date) return undefined
  return document(source, {
    code: 'C0007', title: conceptText(report.code as Concept) ?? '检验报告', number: `JY-${report.id as string}`, date, patient, encounter: source.at(report.encounter),
    sections: [{ title: '检验结果', resources: [report] }], results: valued,
  })
}

/** Inpatient before emergency before any other visit, the newest first. */
const RANK: Readonly<Record<string, number>> = { IMP: 0, ACUTE: 0, NONAC: 0, EMER: 1 }

function summaryDocument(source: Source, patient: Patient): DocumentBundle | undefined {
  const rank = (e: Resource): number => RANK[(e.class as Coding | undefined)?.code ?? ''] ?? 2
  const start = (e: Resource): string => (e.period as { start?: string } | undefined)?.start ?? ''
  const visits = source.of('Encounter')
    .map(encounter => ({ encounter, conditions: source.during('Condition', encounter), procedures: source.during('Procedure', encounter) }))
    .filter(v => start(v.encounter) && (rank(v.encounter) < 2 || v.conditions.length > 0 || v.procedures.length > 0))
    .sort((a, b) => rank(a.encounter) - rank(b.encounter) || (start(a.encounter) < start(b.encounter) ? 1 : -1))
  const visit = visits[0]
  if (!visit) return undefined
  const period = visit.encounter.period as { start: string; end?: string }
  return document(source, {
    code: 'C0053', title: '出院小结', number: `CY-${visit.encounter.id as string}`, date: period.end ?? period.start, patient, encounter: visit.encounter,
    sections: [{ title: '出院诊断', resources: visit.conditions }, { title: '手术操作', resources: visit.procedures }].filter(s => s.resources.length),
  })
}

const conceptText = (c: Concept | undefined): string | undefined => c?.text ?? c?.coding?.[0]?.display

interface Parts {
  readonly code: 'C0007' | 'C0053'
  readonly title: string
  readonly number: string
  readonly date: string
  readonly patient: Patient
  readonly encounter?: Resource
  readonly sections: readonly { readonly title: string; readonly resources: readonly Resource[] }[]
  /** Observations that the sections’ reports refer to. */
  readonly results?: readonly Resource[]
}

/** Packs a document: composition first, then patient, encounter, organisation, author and what the sections hold. */
function document(source: Source, p: Parts): DocumentBundle {
  const number = p.number.slice(0, 48)
  const organization = source.at(p.encounter?.serviceProvider) ?? source.of('Organization')[0]
  const participant = (p.encounter?.participant as { individual?: Ref }[] | undefined)?.[0]?.individual
  const practitioner = withNameText(source.at(participant) ?? source.of('Practitioner')[0])
  const entries = [p.patient as unknown as Resource, p.encounter, organization, practitioner, ...p.sections.flatMap(s => s.resources), ...(p.results ?? [])]
    .filter(r => r !== undefined).map(resource => ({ fullUrl: source.urlOf(resource), resource }))
  const refer = (resource: Resource | undefined) => resource && { reference: source.urlOf(resource) }
  const composition = {
    resourceType: 'Composition', status: 'final', type: { coding: [{ system: DOCUMENT_CODES, code: p.code }] },
    subject: refer(p.patient as unknown as Resource), encounter: refer(p.encounter), date: p.date, author: [refer(practitioner) ?? refer(organization) ?? { display: '未注明' }],
    title: p.title, custodian: refer(organization), section: p.sections.map(s => ({ title: s.title, entry: s.resources.map(refer) })),
  }
  const bundle = {
    resourceType: 'Bundle', id: number, type: 'document', identifier: { system: DOCUMENT_NUMBERS, value: number }, timestamp: instant(p.date),
    entry: [{ fullUrl: `urn:uuid:${childId(number, 'composition')}`, resource: composition }, ...entries],
  }
  // undefined members out, so that the document is what its JSON says
  return JSON.parse(JSON.stringify(bundle)) as DocumentBundle
}

/** A FHIR dateTime as an instant; a bare date is its midnight in China. */
const instant = (date: string): string => (date.includes('T') ? date : `${date}T00:00:00+08:00`)
