import { Failure, FAILURES, fault, type FailureCode } from '#kernel'
import type { Provinces } from '#provinces'
import { chosenType, mediaType } from '../http/media-type.rules.js'
import { CANONICAL_TYPE } from './canonical-form.js'
import type { ExchangeRecord } from './exchange-store.js'
import { FHIR_TYPE, fhirView } from './fhir-view.rules.js'

export interface RenderedReply {
  readonly body: Buffer
  readonly contentType: string
  /** Fields that the format cannot carry. */
  readonly lossCount: number
}

/** Formats in which a reply may be asked for: the sender's own dialect, FHIR R4, the canonical form. */
export class ReplyFormats {
  constructor(private readonly provinces: Provinces) {}

  /** What `Accept` asks for among them; `preferred` stands for `*` + `/*`. Throws `Failure` NOT_ACCEPTABLE. */
  choose(accept: string | undefined, province: string, preferred?: string): string {
    const native = this.#nativeType(province)
    const offered = [...new Set([preferred ?? native, native, FHIR_TYPE, CANONICAL_TYPE])]
    const chosen = chosenType(accept, offered)
    if (chosen === undefined) throw new Failure('NOT_ACCEPTABLE', [fault('NOT_ACCEPTABLE', 'Accept', { zh: `可用：${offered.join('、')}`, en: `offered are ${offered.join(', ')}` })])
    return chosen
  }

  /** Throws `Failure` NOT_ACCEPTABLE when this reply has no form of that kind. */
  render(record: ExchangeRecord, reply: { readonly schema: string; readonly canonical: unknown }, format: string): RenderedReply {
    if (format === CANONICAL_TYPE) return { body: json(reply.canonical), contentType: `${CANONICAL_TYPE}; charset=utf-8`, lossCount: 0 }
    if (format === FHIR_TYPE) {
      const resource = fhirView(reply.canonical, record.id)
      if (!resource) throw new Failure('NOT_ACCEPTABLE', [fault('NOT_ACCEPTABLE', 'Accept')])
      return { body: json(resource), contentType: `${FHIR_TYPE}; charset=utf-8; fhirVersion=4.0`, lossCount: 0 }
    }
    const mapping = this.provinces.byCode(record.province)?.mappings.get(reply.schema)
    if (!mapping) throw new Failure('NOT_ACCEPTABLE', [fault('NOT_ACCEPTABLE', 'Accept', { zh: `该省没有 ${reply.schema} 的映射`, en: `this province has no mapping of ${reply.schema}` })])
    const { bytes, contentType, loss } = mapping.write(reply.canonical)
    return { body: bytes, contentType, lossCount: loss.length }
  }

  #nativeType(province: string): string {
    const profile = this.provinces.byCode(province)?.profile
    return (profile && mediaType(profile.contentType)?.type) ?? CANONICAL_TYPE
  }
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** Why an exchange that ended has no reply. */
export function endFailure(record: ExchangeRecord): Failure {
  const code: FailureCode = record.state === 'EXPIRED' ? 'EXCHANGE_EXPIRED' : record.faults.map(f => f.code).find(c => c in FAILURES) ?? 'INTERNAL'
  return new Failure(code, record.faults)
}
