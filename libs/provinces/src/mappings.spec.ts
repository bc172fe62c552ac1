import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { readAny, type Mapping } from '#mapping'
import { EXCHANGES } from '#schemas'
import { parse } from 'yaml'
import { loadProvinces, type Province } from './index.js'

const provinces = loadProvinces()
const messages = [...new Set(EXCHANGES.flatMap(e => [e.request, ...e.answer, ...e.result]).map(schema => schema.name))]

/** Which message a fixture is of, by its folder and the first words of its name. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^requests\/(discover|list|retrieve)-/, '$1-request'], [/^registry\/answers\/(retrieve-fault)/, '$1'], [/^registry\/answers\/(discover|list)-/, '$1-answer'],
  [/^results\/(discover|list)-/, '$1-result'], [/^registry\/documents\/(lab-report|discharge-summary)/, '$1'],
]
const messageOf = (name: string): string | undefined => {
  for (const [pattern, message] of KINDS) { const found = pattern.exec(name); if (found) return message.replace('$1', found[1]!) }
  return undefined
}

/** What travels in headers beside a document that cannot carry it. */
function headersBeside(file: string): Record<string, unknown> | undefined {
  const beside = file.replace(/\.csv$/, '.headers.yaml')
  if (beside === file || !existsSync(beside)) return undefined
  const headers = parse(readFileSync(beside, 'utf8')) as Record<string, string>
  const json = (name: string): object => JSON.parse(decodeURIComponent(headers[name] ?? '%7B%7D')) as object
  return { requester: json('Tongqu-Requester'), authorization: { ...json('Tongqu-Authorization'), purpose: headers['Tongqu-Purpose'] }, targets: headers['Tongqu-Targets']!.split(',') }
}

interface Fixture { readonly province: Province; readonly name: string; readonly mapping: Mapping; readonly bytes: Buffer; readonly supplied?: Record<string, unknown> }
const fixtures: Fixture[] = provinces.all.flatMap(province => {
  const root = join(province.folder, 'fixtures')
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort().flatMap(name => {
    const message = messageOf(name)
    if (message === undefined || name.endsWith('.yaml')) return []
    const file = join(root, name)
    return [{ province, name, mapping: province.mappings.get(message)!, bytes: readFileSync(file), supplied: headersBeside(file) }]
  })
})
const named = fixtures.map(fixture => [`${fixture.province.profile.slug} ${fixture.name}`, fixture] as const)
const fixture = (slug: string, name: string): Fixture => fixtures.find(each => each.province.profile.slug === slug && each.name.endsWith(name))!

function canonicalOf({ mapping, bytes, supplied }: Pick<Fixture, 'mapping' | 'bytes' | 'supplied'>): unknown {
  const reading = mapping.read(bytes, supplied)
  if (!reading.ok) throw new Error(reading.faults.map(f => `${f.code} ${f.pointer}`).join('; '))
  return reading.canonical
}

describe('every province maps every message', () => {
  it.each(provinces.all.map(p => [p.profile.slug, p] as const))('%s', (_slug, province) => { expect([...province.mappings.keys()].sort()).toEqual([...messages].sort()) })
})

describe('hand-written native documents', () => {
  it.each(named)('%s reads as its golden canonical form, and what it could not carry is as listed', (_name, { province, name, mapping, bytes, supplied }) => {
    const reading = mapping.read(bytes, supplied)
    const golden = JSON.parse(readFileSync(join(province.folder, 'fixtures', 'golden', `${name.replaceAll('/', '--')}.json`), 'utf8')) as { canonical: unknown; loss: unknown }
    expect(reading.ok ? { canonical: reading.canonical, loss: reading.loss.map(l => `${l.reason} ${l.pointer}`) } : reading.faults).toEqual(golden)
  })

  it.each(named)('%s → canonical → native → canonical is equal', (_name, each) => {
    const canonical = canonicalOf(each)
    expect(canonicalOf({ ...each, bytes: each.mapping.write(canonical).bytes })).toEqual(canonical)
  })
})

interface Resource { resourceType: string; identifier?: { use?: string }[]; location?: { physicalType?: { text?: string } }[] }
type Leaves = ReadonlyMap<string, unknown>

function leavesOf(value: unknown, pointer = '', found = new Map<string, unknown>()): Leaves {
  if (typeof value !== 'object' || value === null) found.set(pointer, value)
  else for (const [name, member] of Object.entries(value)) leavesOf(member, `${pointer}/${name}`, found)
  return found
}

/** Lists whose order says nothing, in one order, so that documents can be compared. */
function ordered(bundle: unknown): { entry: { resource: Resource }[] } {
  const copy = structuredClone(bundle) as { entry: { resource: Resource }[] }
  for (const { resource } of copy.entry) {
    if (Array.isArray(resource.identifier)) resource.identifier.sort((a, b) => (a.use ?? '').localeCompare(b.use ?? ''))
    resource.location?.sort((a, b) => (a.physicalType?.text ?? '').localeCompare(b.physicalType?.text ?? ''))
  }
  return copy
}
const byResource = (bundle: unknown): Leaves => leavesOf(Object.fromEntries(ordered(bundle).entry.map(({ resource }) => [`${resource.resourceType} ${(resource as { id?: string }).id}`, resource])))

describe('across a border', () => {
  const documents = fixtures.filter(each => each.name.startsWith('registry/documents/'))
  const journeys = documents.flatMap(from => provinces.all.filter(to => to !== from.province).map(to => [`${from.province.profile.slug} ${from.name} → ${to.profile.slug}`, from, to] as const))

  it.each(journeys)('%s: what does not arrive is in the loss report', (_name, from, to) => {
    const mapping = to.mappings.get(from.mapping.message)!
    const canonical = canonicalOf(from)
    const writing = mapping.write(canonical)
    const before = byResource(canonical)
    const after = byResource(canonicalOf({ mapping, bytes: writing.bytes }))
    const changed = [...before].filter(([pointer, value]) => after.get(pointer) !== value).map(([pointer]) => pointer)
    // The core: who, what, which values. None of it is ever among the losses.
    expect(changed.filter(pointer => /^\/(Patient|Observation|Specimen|Condition|Procedure)/.test(pointer) && !/\/(address|performer|category)\/|\/coding\/0\/(system|version)$|\/interpretation\//.test(pointer))).toEqual([])
    // Every change has its line in the report; the report counts in the bundle's own entries.
    if (changed.length > 0) expect(writing.loss.length).toBeGreaterThan(0)
  })

  it('a laboratory value keeps number, comparator, unit and range on its way from JSON to CDA to a flat file', () => {
    const start = fixture('zhejiang', 'lab-report-blood-count.json')
    let canonical = canonicalOf(start)
    for (const slug of ['fujian', 'jiangxi', 'zhejiang']) {
      const mapping = provinces.bySlug(slug)!.mappings.get('lab-report')!
      canonical = canonicalOf({ mapping, bytes: mapping.write(canonical).bytes })
    }
    const observation = (text: string) => ordered(canonical).entry.map(e => e.resource as Resource & { code?: { text?: string } }).find(r => r.resourceType === 'Observation' && r.code?.text === text)
    expect(observation('C反应蛋白')).toMatchObject({ valueQuantity: { value: 0.5, comparator: '<', code: 'mg/L' }, referenceRange: [{ high: { value: 10 }, text: '<10' }], code: { coding: [{ system: 'http://loinc.org', code: '1988-5' }] } })
    expect(observation('白细胞计数')).toMatchObject({ valueQuantity: { value: 11.2, code: '10*9/L' }, interpretation: [{ coding: [{ code: 'H' }] }] })
    expect(observation('乙肝表面抗原')).toMatchObject({ valueString: '阴性', referenceRange: [{ text: '阴性' }] })
  })

  it('a flat file cannot say of which edition a diagnosis code is: the report says so', () => {
    const canonical = canonicalOf(fixture('zhejiang', 'documents/discharge-summary.json'))
    const writing = provinces.bySlug('jiangxi')!.mappings.get('discharge-summary')!.write(canonical)
    expect(writing.loss.map(l => l.pointer)).toEqual(expect.arrayContaining([expect.stringMatching(/^\/entry\/\d+\/resource\/code\/coding\/0\/version$/)]))
  })
})

describe('a refusal in another province\'s words', () => {
  it.each(provinces.all.map(p => [p.profile.slug, p] as const))('%s can pass it on; a code that is no number where numbers are wanted is in the report', (_slug, province) => {
    const mapping = province.mappings.get('retrieve-fault')!
    const writing = mapping.write({ fault: { code: 'NOT_FOUND', text: '文档不存在' } })
    const reading = mapping.read(writing.bytes)
    expect(reading.ok && reading.canonical).toMatchObject({ fault: { text: '文档不存在' } })
    const kept = reading.ok && (reading.canonical as { fault: { code: string } }).fault.code === 'NOT_FOUND'
    expect(writing.loss.map(l => l.pointer)).toEqual(kept ? [] : ['/fault/code'])
  })
})

describe('a document is recognised', () => {
  const retrieved = (slug: string): Mapping[] => ['lab-report', 'discharge-summary', 'retrieve-fault'].map(message => provinces.bySlug(slug)!.mappings.get(message)!)
  it.each(named.filter(([, { name }]) => name.startsWith('registry/documents/') || name.includes('retrieve-fault')))('%s among the answers to a retrieval', (_name, { province, mapping, bytes }) => {
    expect(readAny(retrieved(province.profile.slug), bytes).mapping?.id).toBe(mapping.id)
  })

  it('another province\'s dialect, another message, a fault of the service bus', () => {
    const { mapping } = fixture('fujian', 'requests/discover-patient-x.xml')
    const codes = [fixture('zhejiang', 'requests/discover-patient-x.json').bytes, fixture('fujian', 'requests/list-patient-x.xml').bytes, readFileSync(join(provinces.bySlug('fujian')!.folder, 'fixtures/registry/answers/fault-soap.xml'))]
      .map(bytes => { const reading = mapping.read(bytes); return reading.ok ? 'ok' : reading.faults[0].code })
    expect(codes).toEqual(['DOCUMENT_MALFORMED', 'DIALECT_MISMATCH', 'DIALECT_MISMATCH'])
  })
})

describe('faults point into the sender\'s own document', () => {
  const faults = (slug: string, name: string, change: (text: string) => string): unknown => {
    const { mapping, bytes, supplied } = fixture(slug, name)
    const reading = mapping.read(Buffer.from(change(bytes.toString())), supplied)
    return reading.ok ? [] : reading.faults.map(f => `${f.code} ${f.pointer}`)
  }

  it('JSON: everything that is wrong, at once', () => {
    expect(faults('zhejiang', 'requests/discover-patient-x.json', text => text.replace('330329198504120121', '330329198504120122').replace('"WS02_01_040_01": "2"', '"WS02_01_040_01": "7"').replace('"19850412"', '"19850432"').replace(/"WS02_01_039_082": ".*",/, ''))).toEqual([
      'CHECK_DIGIT_WRONG /patient/WS02_01_030_01', 'CODE_UNKNOWN /patient/WS02_01_040_01', 'FIELD_INVALID /patient/WS02_01_005_01', 'FIELD_MISSING /requester/WS02_01_039_082',
    ])
  })

  it('XML: a missing number, an unknown role, a wrong check digit in a document of many', () => {
    expect(faults('fujian', 'requests/discover-patient-x.xml', text => text.replace('330329198504120121', '33032919850412012X').replace('<code code="01" codeSystem="2.999.350000.3"', '<code code="77" codeSystem="2.999.350000.3"').replace(/<receiver[\s\S]*<\/receiver>/, ''))).toEqual([
      'CODE_UNKNOWN /PRPA_IN201305UV02/controlActProcess/authorOrPerformer/assignedPerson/code/@code',
      'CHECK_DIGIT_WRONG /PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList/livingSubjectId/value/@extension',
      'FIELD_MISSING /PRPA_IN201305UV02/receiver',
    ])
  })

  it('flat: row and column, and headers by their names', () => {
    const { mapping, bytes } = fixture('jiangxi', 'requests/discover-patient-x.csv')
    const alone = mapping.read(bytes)
    expect(alone.ok ? [] : alone.faults.map(f => `${f.code} ${f.pointer}`)).toEqual(expect.arrayContaining(['FIELD_MISSING Tongqu-Targets', 'FIELD_MISSING Tongqu-Requester', 'FIELD_MISSING Tongqu-Purpose']))
    const broken = fixture('jiangxi', 'registry/answers/discover-patient-x.csv')
    const { canonical } = broken.mapping.read(broken.bytes) as { canonical: { candidates: { birthDate: string }[] } }
    expect(broken.mapping.place(broken.bytes, '/candidates/0/birthDate')).toBe('row 1, column CSRQ')
    expect(canonical.candidates[0]!.birthDate).toBe('1985-04-12')
  })
})
