import type { Step } from '#messaging'
import type { DiscoverResult, DocumentBundle, DocumentReference, ListResult, Missing } from '#schemas'
import { duration, pad } from '../terminal/layout.rules.js'
import type { Journey } from '../trace/timeline.rules.js'

/** Name of a province by its code: `330000` → `浙江省`. */
export type ProvinceName = (code: string) => string

const ANSWERS: Readonly<Record<DiscoverResult['provinces'][number]['answer'], string>> = {
  match: '唯一匹配 one match', several: '多个候选 several', 'need-attributes': '需要更多信息 more attributes wanted', none: '无此人 none', fault: '系统故障 fault',
}
const CERTAINTY: Readonly<Record<string, string>> = { certain: '身份确认 certain', review: '需人工核实 review', no: '不是同一人 another person' }
const REASONS: Readonly<Record<Missing['reason'], string>> = {
  TIMEOUT: '超时未答 no answer in time', UNAVAILABLE: '系统不可用 unavailable', ANSWER_INVALID: '答复无效 answer not valid', FAULT: '报告故障 fault', NOT_RESOLVED: '身份未确认 not resolved',
}

/** One line for each province: what it answered, what our own identity rules say, and whether anything of the patient is told. */
export function discoverLines(result: DiscoverResult, nameOf: ProvinceName): string[] {
  const lines = result.provinces.map(p => [
    pad(nameOf(p.province), 8), pad(ANSWERS[p.answer], 32),
    ...(p.certainty ? [`${CERTAINTY[p.certainty]}${p.rule ? `（规则 rule ${p.rule}）` : ''}`] : []),
    ...(p.attributesWanted?.length ? [p.attributesWanted.join(', ')] : []),
    ...(p.patient ? [] : p.answer === 'none' || p.answer === 'need-attributes' ? [] : ['不披露任何信息 nothing is disclosed']),
  ].join('  ').trimEnd())
  return [...lines, ...missingLines(result, nameOf)]
}

/** How each province was asked and answered: the versions that translated, and how long its system took. */
export function dialectLines(journey: Journey, nameOf: ProvinceName): string[] {
  const provinces = [...new Set(journey.steps.flatMap(s => (s.about ? [s.about] : [])))]
  return provinces.map(province => {
    const step = (what: string): Step | undefined => journey.steps.find(s => s.about === province && s.what === what)
    const delivered = step('deliver')
    return `${pad(nameOf(province), 8)}  问 asked ${step('translate-out')?.versions?.mapping ?? '—'}  答 answered ${step('translate-in')?.versions?.mapping ?? '—'}${delivered ? `  ${duration(delivered.ms)}` : ''}`
  })
}

/** Who is missing is said by name; a complete result says so, too. */
export function missingLines(result: { readonly complete: boolean; readonly missing: readonly Missing[] }, nameOf: ProvinceName): string[] {
  if (result.complete) return ['完整 complete: 所询省份均已答复 every province asked has answered']
  return [`部分结果 partial: 缺 missing ${result.missing.map(m => `${nameOf(m.province)} — ${REASONS[m.reason]}`).join('；')}`]
}

export function listLines(result: ListResult, nameOf: ProvinceName): string[] {
  const lines = result.provinces.flatMap(p => [
    `${nameOf(p.province)}  ${p.documents.length} 份文档 documents`,
    ...p.documents.map(d => `  ${pad(documentKind(d), 22)}  ${(d.date ?? '').slice(0, 10)}  ${pad(STATUS[d.status] ?? d.status, 10)}  ${d.masterIdentifier.value}`),
  ])
  return [...lines, ...missingLines(result, nameOf)]
}
const STATUS: Readonly<Record<DocumentReference['status'], string>> = { current: '现行', superseded: '已被替代', 'entered-in-error': '已作废' }
const KINDS: Readonly<Record<string, string>> = { C0007: '检验报告 lab report', C0006: '检查报告 exam report', C0053: '出院小结 discharge' }
const documentKind = (d: DocumentReference): string => {
  const coding = d.type.coding?.[0]
  return (coding?.code && KINDS[coding.code]) ?? d.type.text ?? coding?.display ?? coding?.code ?? '文档 document'
}

interface Concept { readonly text?: string; readonly coding?: readonly { readonly code?: string; readonly display?: string }[] }
interface Amount { readonly value?: number; readonly unit?: string; readonly comparator?: string }
type Resource = { readonly resourceType: string } & Readonly<Record<string, unknown>>

const conceptText = (c: Concept | undefined): string => c?.text ?? c?.coding?.[0]?.display ?? c?.coding?.[0]?.code ?? ''
const amountText = (q: Amount): string => `${q.comparator ?? ''}${q.value ?? ''}${q.unit ? ` ${q.unit}` : ''}`

/** What a clinician reads first: title and state, then results with flags, diagnoses and operations. */
export function documentLines(bundle: DocumentBundle, most = 8): string[] {
  const resources = bundle.entry.map(e => e.resource as Resource)
  const of = (type: string) => resources.filter(r => r.resourceType === type)
  const composition = of('Composition')[0]
  const results = of('Observation').map(observationLine)
  const details = [
    ...of('Condition').map(c => `诊断 diagnosis  ${[(c.code as Concept | undefined)?.coding?.[0]?.code, conceptText(c.code as Concept)].filter(Boolean).join(' ')}`),
    ...of('Procedure').map(p => `手术操作 procedure  ${conceptText(p.code as Concept)}`),
    ...results.slice(0, most), ...(results.length > most ? [`… 另有 ${results.length - most} 项 more`] : []),
  ]
  return [`${composition?.title as string ?? ''}  ${composition?.status as string ?? ''}  ${(composition?.date as string ?? '').slice(0, 10)}`, ...details.map(d => `  ${d}`)]
}

function observationLine(o: Resource): string {
  const quantity = o.valueQuantity as Amount | undefined
  const value = quantity ? amountText(quantity) : (o.valueString as string | undefined) ?? conceptText(o.valueCodeableConcept as Concept | undefined)
  const flag = (o.interpretation as Concept[] | undefined)?.[0]?.coding?.[0]?.code
  const range = (o.referenceRange as { text?: string; low?: Amount; high?: Amount }[] | undefined)?.[0]
  const rangeText = range ? range.text ?? [range.low && amountText(range.low), range.high && amountText(range.high)].filter(Boolean).join(' – ') : ''
  return [pad(conceptText(o.code as Concept), 24), pad(value, 14), pad(flag === 'H' ? '↑' : flag === 'L' ? '↓' : flag ?? '', 3), rangeText && `参考 ${rangeText}`].filter(Boolean).join(' ').trimEnd()
}
