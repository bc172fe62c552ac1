import { elementOf, first, jsonOf, rowsOf, within, type Element } from './documents.js'

/** One result of a laboratory report as people read it: what, how much, in which range. Written ways of one unit, number or range are one. */
export interface LabItem {
  readonly name: string
  readonly value: string
  readonly unit: string
  readonly range: string
}

const item = (name: string, value = '', unit = '', range = ''): LabItem => ({ name, value: plain(value).replace(/[↑↓]+$/u, ''), unit: plain(unit), range: plain(range).split(/[-~]/).map(plain).join('-') })
/** Width, the two micro signs, both powers of ten; what stands for nothing; `4.0` is 4. */
function plain(text: string): string {
  const folded = text.normalize('NFKC').trim().replace(/[µμ]/gu, 'u').replace('*', '^').replace('～', '~')
  return /^[-─]?$/.test(folded) ? '' : /^\d+(\.\d+)?$/.test(folded) ? String(Number(folded)) : folded
}

type Columns = Readonly<Record<string, string | undefined>>

export const jsonLabItems = (bytes: Buffer): LabItem[] =>
  jsonOf<{ data: { items: Columns[] } }>(bytes).data.items.map(i => item(i.CT04_30_019_01!, i.WS04_30_015_01, i.WS04_30_016_01, i.WS04_30_017_02))

export const flatLabItems = (bytes: Buffer): LabItem[] => rowsOf(bytes).map(row => item(row.XMMC!, row.JG, row.DW, row.CKFW))

export const cdaLabItems = (bytes: Buffer): LabItem[] => within(elementOf(bytes), 'observation').filter(o => first(o, 'code')?.attributes.code === 'DE04.30.019.00').map(o => {
  const range = first(o, 'referenceRange', 'observationRange')
  const ends = range && ['low', 'high'].map(end => first(range, 'value', end)?.attributes.value ?? '')
  return item(first(o, 'code', 'translation')!.attributes.displayName!, valueText(first(o, 'value')), valueText(first(o, 'entryRelationship', 'observation', 'value')), ends?.some(Boolean) ? ends.join('-') : range && first(range, 'text')?.text)
})
const valueText = (value: Element | undefined): string | undefined => value?.attributes.value ?? value?.text

export interface Diagnosis { readonly code: string | undefined; readonly name: string | undefined }
export const cdaDiagnoses = (bytes: Buffer): Diagnosis[] => within(elementOf(bytes), 'observation').filter(o => first(o, 'code')?.attributes.code === 'DE05.01.024.00')
  .map(o => ({ code: first(o, 'value')!.attributes.code, name: first(o, 'value')!.attributes.displayName }))

interface Amount { readonly value?: number; readonly comparator?: string; readonly unit?: string }
interface Concept { readonly text?: string; readonly coding?: readonly { readonly code?: string; readonly display?: string }[] }
type Resource = { readonly resourceType: string } & Readonly<Record<string, unknown>>
export interface FhirBundle { readonly resourceType: 'Bundle'; readonly type: string; readonly entry: readonly { readonly fullUrl: string; readonly resource: Resource }[] }

export const fhirLabItems = (bundle: FhirBundle): LabItem[] => bundle.entry.map(e => e.resource).filter(r => r.resourceType === 'Observation').map(o => {
  const quantity = o.valueQuantity as Amount | undefined
  const [range] = (o.referenceRange ?? []) as { low?: Amount; high?: Amount; text?: string }[]
  const ends = [range?.low?.value, range?.high?.value]
  return item((o.code as Concept).text!, quantity ? `${quantity.comparator ?? ''}${quantity.value}` : o.valueString as string, quantity?.unit, range?.text ?? (range && ends.join('-')))
})

export const fhirDiagnoses = (bundle: FhirBundle): Diagnosis[] => bundle.entry.map(e => e.resource).filter(r => r.resourceType === 'Condition').map(c => {
  const { coding, text } = c.code as Concept
  return { code: coding?.[0]?.code, name: text ?? coding?.[0]?.display }
})
