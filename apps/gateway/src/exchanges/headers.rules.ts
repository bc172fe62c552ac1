import { fault, isId, type Fault } from '#kernel'

/** Headers of an exchange route as Node gives them: names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>

/**
 * What may travel beside a document. `carries` says where it belongs in the canonical form (a JSON pointer), for those that complete it.
 * The catalogue, OpenAPI and the docs page list these.
 */
export const EXCHANGE_HEADERS = [
  { name: 'Tongqu-Case', form: 'UUID', zh: '业务编号：首次应答给出；缺省为新业务', en: 'the case, as the first answer named it; absent: a new case' },
  { name: 'Tongqu-Sequence', form: 'integer', zh: '本报文在业务中的序号（1 起）；缺省由平台编号', en: 'number of this message in its case, from 1; absent: the gateway numbers' },
  { name: 'Tongqu-Purpose', form: 'code', carries: '/authorization/purpose', zh: '使用目的：TREAT、ETREAT、PUBHLTH、PATRQT', en: 'purpose of use: TREAT, ETREAT, PUBHLTH or PATRQT' },
  { name: 'Tongqu-Legal-Basis', form: 'text', carries: '/authorization/legalBasis', zh: '法律依据代码，如 PIPL-13-4', en: 'code of the legal basis, e.g. PIPL-13-4' },
  { name: 'Tongqu-Consent', form: 'json', carries: '/authorization/consent', zh: '知情同意：{reference, grantedOn, validUntil?, grantee?}', en: 'consent: {reference, grantedOn, validUntil?, grantee?}' },
  { name: 'Tongqu-Requester', form: 'json', carries: '/requester', zh: '请求人：{practitioner: {name, id?, role}, organization: {code, name}, department?}', en: 'who asks: {practitioner: {name, id?, role}, organization: {code, name}, department?}' },
  { name: 'Tongqu-Authorization', form: 'json', carries: '/authorization', zh: '授权：{legalBasis?, consent?, careRelation?: {kind, number}}', en: 'authorisation: {legalBasis?, consent?, careRelation?: {kind, number}}' },
  { name: 'Tongqu-Targets', form: 'list', carries: '/targets', zh: '目标省代码，逗号分隔', en: 'provinces asked, separated by commas' },
] as const satisfies readonly ExchangeHeader[]

export interface ExchangeHeader {
  readonly name: string
  /** `json`: percent-encoded (RFC 3986) JSON, since a header holds ASCII alone. `text`: percent-encoded where it is not ASCII. */
  readonly form: 'UUID' | 'integer' | 'code' | 'text' | 'json' | 'list'
  readonly carries?: string
  readonly zh: string
  readonly en: string
}

/** One value that a header brings into the canonical form. */
export interface Supplied {
  readonly pointer: string
  readonly header: string
  readonly value: unknown
}

export interface ExchangeHeaders {
  readonly caseId?: string
  readonly seq?: number
  readonly idempotencyKey?: string
  readonly supplied: readonly Supplied[]
  /** The same as a part of the canonical document; undefined when no header brings anything. */
  readonly part?: Readonly<Record<string, unknown>>
  readonly faults: readonly Fault[]
}

const CARRIERS: readonly (ExchangeHeader & { carries: string; key: string })[] = EXCHANGE_HEADERS.flatMap(h => ('carries' in h ? [{ ...h, key: h.name.toLowerCase() }] : []))

/** Reads what travels beside the document; all headers that cannot be read are named at once. */
export function exchangeHeaders(headers: Headers): ExchangeHeaders {
  const faults: Fault[] = []
  const invalid = (name: string, zh: string, en: string): undefined => { faults.push(fault('HEADER_INVALID', name, { zh, en })) }
  const caseId = one(headers['tongqu-case'])
  if (caseId !== undefined && !isId(caseId)) invalid('Tongqu-Case', '应为 UUID', 'a UUID is expected')
  const seqText = one(headers['tongqu-sequence'])
  const seq = seqText === undefined ? undefined : Number(seqText)
  if (seqText !== undefined && (!/^\d{1,15}$/.test(seqText) || seq === 0)) invalid('Tongqu-Sequence', '应为正整数', 'a whole number from 1 is expected')
  if (seq !== undefined && caseId === undefined) invalid('Tongqu-Sequence', '须与 Tongqu-Case 同时给出', 'it needs Tongqu-Case beside it')
  const idempotencyKey = one(headers['idempotency-key'])
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,200}$/.test(idempotencyKey)) invalid('Idempotency-Key', '应为 1 至 200 个可见 ASCII 字符', '1 to 200 visible ASCII characters are expected')
  const supplied = CARRIERS.flatMap(h => {
    const text = one(headers[h.key])
    return text === undefined ? [] : valuesOf(h, text) ?? (invalid(h.name, 'json' === h.form ? '应为百分号编码的 JSON 对象' : '取值为空或编码有误', h.form === 'json' ? 'a percent-encoded JSON object is expected' : 'it is empty or wrongly encoded'), [])
  })
  return { caseId, seq, idempotencyKey, supplied, part: partOf(supplied, faults), faults }
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(',') : value)

/** An object is taken apart, so that a contradiction is named where it is. */
function valuesOf({ name, form, carries }: ExchangeHeader & { carries: string }, text: string): Supplied[] | undefined {
  if (form === 'list') {
    const list = text.split(',').map(part => part.trim()).filter(Boolean)
    return list.length ? [{ pointer: carries, header: name, value: list }] : undefined
  }
  const decoded = percentDecoded(text.trim())
  if (!decoded) return undefined
  if (form !== 'json') return [{ pointer: carries, header: name, value: decoded }]
  const value = jsonObject(decoded)
  return value && leaves(value, carries).map(([pointer, leaf]) => ({ pointer, header: name, value: leaf }))
}

/** Nothing that belongs in a header is deeper. */
const MOST_DEEP = 8
const leaves = (value: unknown, pointer: string, depth = 0): [string, unknown][] =>
  depth < MOST_DEEP && typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([member, v]) => leaves(v, `${pointer}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`, depth + 1))
    : [[pointer, value]]

const percentDecoded = (text: string): string | undefined => { try { return decodeURIComponent(text) } catch { return undefined } }
const jsonObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch { return undefined }
}

function partOf(supplied: readonly Supplied[], faults: Fault[]): Record<string, unknown> | undefined {
  if (!supplied.length) return undefined
  const part: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const from = new Map<string, Supplied>()
  for (const s of supplied) {
    const other = from.get(s.pointer)
    if (other && !sameValue(other.value, s.value)) {
      faults.push(fault('HEADER_INVALID', s.header, { zh: `与 ${other.header} 不一致`, en: `it contradicts ${other.header}` }))
      continue
    }
    from.set(s.pointer, s)
    const names = s.pointer.slice(1).split('/').map(n => n.replaceAll('~1', '/').replaceAll('~0', '~'))
    let at = part
    for (const name of names.slice(0, -1)) at = (Object.hasOwn(at, name) ? at[name] : at[name] = Object.create(null)) as Record<string, unknown>
    at[names.at(-1)!] = s.value
  }
  return part
}

/** Headers whose value is not what the document itself says, with the canonical pointer of the document's value. */
export const contradictions = (supplied: readonly Supplied[], canonical: unknown): Supplied[] => supplied.filter(({ pointer, value }) => {
  const document = valueAt(canonical, pointer)
  return document !== undefined && !sameValue(value, document)
})

function sameValue(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && [...a].sort().every((v, i) => sameValue(v, [...b].sort()[i]))
  return typeof a === 'object' ? JSON.stringify(a) === JSON.stringify(b) : a === b
}

export const valueAt = (document: unknown, pointer: string): unknown =>
  pointer.split('/').slice(1).reduce<unknown>((at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined), document)
