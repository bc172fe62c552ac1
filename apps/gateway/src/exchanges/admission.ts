import { Failure, fault, newId, type FailureCode, type Fault } from '#kernel'
import type { Mapping, Reading } from '#mapping'
import type { Province, Provinces } from '#provinces'
import { nextTraceparent } from '#observability'
import { exchangeKey, schemaId, type ExchangeDefinition } from '#schemas'
import { sha256Hex, type Principal } from '#security'
import { isOf, mediaType } from '../http/media-type.rules.js'
import { nestsDeeper } from '../http/nesting.rules.js'
import { claimsOf, judge } from './admission.rules.js'
import { CANONICAL_TYPE, canonicalForm } from './canonical-form.js'
import type { Intake } from './exchange-store.js'
import { contradictions, exchangeHeaders, type ExchangeHeaders, type Headers } from './headers.rules.js'

/** A request as it came in, from a caller who is known. */
export interface Arrival {
  readonly definition: ExchangeDefinition
  readonly principal: Principal
  readonly headers: Headers
  readonly bytes: Buffer
  readonly receivedAt: Date
}

type Reader = Pick<Mapping, 'id' | 'contentType' | 'read' | 'place'>

interface Dialect { readonly reader: Reader; readonly form: 'json' | 'xml' | 'flat' }

/**
 * Everything between the arrival of bytes and the record, in this order: dialect → depth → headers → translation → judgement. (A signature
 * over the original bytes belongs between dialect and depth: it must be checked before anything parses them.) Pure but for the ids it
 * gives. All faults of the document, its headers and its claims come together; only what makes reading senseless ends it at once.
 */
export class Admission {
  readonly #canonical = new Map<string, Reader>()
  readonly #codes: readonly { readonly code: string }[]

  constructor(private readonly provinces: Provinces, private readonly limits: { readonly depth: number }) {
    this.#codes = provinces.all.map(p => ({ code: p.profile.code }))
  }

  /** Throws `Failure` with every fault, each in the sender's own document or header. */
  admit(arrival: Arrival): Intake {
    const { definition, principal, bytes } = arrival
    const dialect = this.#dialect(arrival)
    if (dialect.form !== 'flat' && nestsDeeper(bytes, dialect.form, this.limits.depth)) {
      const most = { zh: `最多 ${this.limits.depth} 层`, en: `at most ${this.limits.depth} levels` }
      throw new Failure('NESTING_TOO_DEEP', [fault('NESTING_TOO_DEEP', '', most)])
    }
    const headers = exchangeHeaders(arrival.headers)
    const reading = dialect.reader.read(bytes, headers.part)
    // what could not be read at all says nothing about purpose or targets
    if (!reading.ok && reading.canonical === undefined) throw failureOf([...headers.faults, ...reading.faults])
    const { targets, faults } = this.#judged(arrival, dialect.reader, reading, headers)
    if (!reading.ok || faults.length) throw failureOf(faults)
    return intakeOf(arrival, dialect.reader, reading.canonical, headers, targets, exchangeKey(definition), principal.province!)
  }

  #judged({ definition, principal, bytes }: Arrival, reader: Reader, reading: Reading, headers: ExchangeHeaders): { targets: readonly string[]; faults: readonly Fault[] } {
    const verdict = judge(definition, principal.rights, this.#codes, claimsOf(reading.canonical))
    const against = contradictions(headers.supplied, reading.canonical)
    if (reading.ok && !verdict.faults.length && !against.length && !headers.faults.length) return verdict
    const place = (pointer: string): string => headers.supplied.find(s => pointer === s.pointer || s.pointer.startsWith(`${pointer}/`) || pointer.startsWith(`${s.pointer}/`))?.header ?? reader.place(bytes, pointer)
    // a value that the dialect refused is not missing
    const refused = new Set(reading.ok ? [] : reading.faults.filter(f => !SCHEMA_FAULTS.has(f.code)).map(f => f.pointer))
    const named = verdict.faults.map(f => ({ ...f, pointer: place(f.pointer) })).filter(f => !refused.has(f.pointer))
    const contradicting = against.map(s => fault('HEADER_CONTRADICTS_BODY', reader.place(bytes, s.pointer), { zh: `与请求头 ${s.header} 不一致`, en: `it differs from the header ${s.header}` }))
    // and what is missing the judgement names better than the schema
    const better = new Set(named.map(f => f.pointer))
    const document = reading.ok ? [] : reading.faults.filter(f => !(SCHEMA_FAULTS.has(f.code) && better.has(f.pointer)))
    return { targets: verdict.targets, faults: [...headers.faults, ...document, ...contradicting, ...named] }
  }

  /** The dialect that the content type names: the one of the sender's province, or the canonical form. */
  #dialect({ definition, principal, headers }: Arrival): Dialect {
    const given = mediaType(one(headers['content-type']))
    const province = this.#provinceOf(principal)
    if (given && isOf(given, { type: CANONICAL_TYPE })) return { reader: this.#canonicalReader(definition), form: 'json' }
    const mapping = province.mappings.get(definition.request.name)
    const dialect = mapping && mediaType(mapping.contentType)
    if (mapping && given && dialect && isOf(given, dialect)) return { reader: mapping, form: mapping.dialect }
    const offered = [mapping?.contentType, CANONICAL_TYPE].filter(Boolean).join(', ')
    throw new Failure('MEDIA_TYPE_UNSUPPORTED', [fault('MEDIA_TYPE_UNSUPPORTED', 'Content-Type', { zh: `可用：${offered}`, en: `use ${offered}` })])
  }

  #provinceOf(principal: Principal): Province {
    const province = principal.province === null ? undefined : this.provinces.byCode(principal.province)
    if (!province || principal.role === 'holder' || principal.role === 'operator') {
      throw new Failure('RIGHT_MISSING', [fault('RIGHT_MISSING', '', { zh: '该机构不是发起方', en: 'this participant is no asker' })])
    }
    return province
  }

  #canonicalReader(definition: ExchangeDefinition): Reader {
    const id = schemaId(definition.request)
    let reader = this.#canonical.get(id)
    if (!reader) this.#canonical.set(id, reader = canonicalForm(definition.request))
    return reader
  }
}

const SCHEMA_FAULTS: ReadonlySet<FailureCode> = new Set(['FIELD_MISSING', 'FIELD_INVALID'])

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** The first decides the status: headers, then the document, then what it claims. */
const failureOf = (faults: readonly Fault[]): Failure => new Failure(faults[0]?.code ?? 'INTERNAL', faults)

function intakeOf(a: Arrival, reader: Reader, canonical: unknown, headers: ExchangeHeaders, targets: readonly string[], exchange: string, province: string): Intake {
  const id = newId(a.receivedAt.getTime())
  const caseId = headers.caseId ?? id
  return {
    id, exchange, participantId: a.principal.id, province, organizationCode: a.principal.organizationCode,
    caseId, key: caseId, seq: headers.seq, idempotencyKey: headers.idempotencyKey,
    digest: sha256Hex(a.bytes), contentType: reader.contentType, original: a.bytes, canonical, targets,
    purpose: claimsOf(canonical).purpose!, versions: { schema: schemaId(a.definition.request), mapping: reader.id },
    traceparent: nextTraceparent(one(a.headers.traceparent)), receivedAt: a.receivedAt,
  }
}
