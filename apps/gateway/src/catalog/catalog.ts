import type { Provinces } from '#provinces'
import { type CanonicalSchema, type ExchangeDefinition, exchangeKey, exchangeRoute, EXCHANGES, publishedSchema, SCHEMAS } from '#schemas'
import { EXCHANGE_HEADERS } from '../exchanges/headers.rules.js'
import { sampleOf, type MessageRole, type Sample } from './samples.js'

type Texts = { readonly zh: string; readonly en: string }

export interface CatalogDialect {
  readonly province: string
  readonly provinceName: Texts
  readonly contentType: string
  readonly mapping: string
  readonly sample?: Sample
}

export interface CatalogMessage {
  readonly role: MessageRole
  readonly name: string
  readonly version: number
  readonly title: Texts
  /** JSON Schema 2020-12 of the canonical form. */
  readonly schema: object
  readonly dialects: readonly CatalogDialect[]
}

export interface CatalogEntry {
  readonly exchange: string
  readonly version: number
  readonly title: Texts
  readonly summary: Texts
  readonly method: 'POST'
  readonly route: string
  readonly purposes: readonly string[]
  readonly sensitivity: string
  readonly targets: 'sender' | 'case'
  readonly deadlineMs: number
  readonly targetDeadlineMs: number
  readonly messages: readonly CatalogMessage[]
}

/** Everything there is to exchange, derived from the definitions and the provinces' folders; read once, when first asked for. */
export class Catalog {
  #entries: Promise<readonly CatalogEntry[]> | undefined
  constructor(private readonly provinces: Provinces) {}

  entries(): Promise<readonly CatalogEntry[]> {
    return this.#entries ??= Promise.all(EXCHANGES.map(d => this.#entry(d)))
  }

  readonly headers = EXCHANGE_HEADERS

  schema(name: string): object | undefined {
    const found = SCHEMAS.find(s => s.name === name)
    return found && publishedSchema(found)
  }

  schemas(): { name: string; version: number; title: Texts; href: string }[] {
    return SCHEMAS.map(({ name, version, title }) => ({ name, version, title, href: `/v1/schemas/${name}` }))
  }

  async #entry(d: ExchangeDefinition): Promise<CatalogEntry> {
    const roles: [MessageRole, CanonicalSchema][] = [['request', d.request], ...d.answer.map(s => ['answer', s] as [MessageRole, CanonicalSchema]), ...d.result.map(s => ['result', s] as [MessageRole, CanonicalSchema])]
    return {
      exchange: exchangeKey(d), version: d.version, title: d.title, summary: d.summary, method: 'POST', route: exchangeRoute(d), purposes: d.purposes, sensitivity: d.sensitivity, targets: d.targets,
      deadlineMs: d.deadlineMs, targetDeadlineMs: d.targetDeadlineMs, messages: await Promise.all(roles.map(([role, schema]) => this.#message(role, schema))),
    }
  }

  async #message(role: MessageRole, s: CanonicalSchema): Promise<CatalogMessage> {
    const dialects = await Promise.all(this.provinces.all.map(async (province): Promise<CatalogDialect[]> => {
      const mapping = province.mappings.get(s.name)
      if (!mapping) return []
      const sample = await sampleOf(province, mapping, role)
      return [{ province: province.profile.code, provinceName: province.profile.name, contentType: mapping.contentType, mapping: mapping.id, ...(sample && { sample }) }]
    }))
    return { role, name: s.name, version: s.version, title: s.title, schema: publishedSchema(s), dialects: dialects.flat() }
  }
}
