import type { TSchema } from '@sinclair/typebox'

/** Purposes of use (HL7 v3 ActReason codes). */
export type Purpose = 'TREAT' | 'ETREAT' | 'PUBHLTH' | 'PATRQT'

/**
 * One kind of exchange as data: who asks, what, whom, why, how long, how sensitive. Topic, route, validation, deadline, ordering key,
 * OpenAPI entry, catalogue and docs page derive from it; nothing else lists exchanges.
 */
export interface ExchangeDefinition {
  readonly domain: string
  readonly name: string
  readonly version: number
  readonly title: { readonly zh: string; readonly en: string }
  readonly summary: { readonly zh: string; readonly en: string }
  /** Canonical schemas by their role. `request` travels asker → gateway → holder, `answer` holder → gateway, `result` gateway → asker. */
  readonly request: CanonicalSchema
  readonly answer: readonly CanonicalSchema[]
  readonly result: readonly CanonicalSchema[]
  readonly purposes: readonly Purpose[]
  /** `health`: sensitive personal data (PIPL art. 28). */
  readonly sensitivity: 'health' | 'personal' | 'public'
  /** `case`: the case id; `person`: a keyed hash of the person. */
  readonly orderingKey: 'case' | 'person'
  /** Whole journey; then the gateway ends it as EXPIRED. */
  readonly deadlineMs: number
  /** One province's answer; later ones are logged, never merged. */
  readonly targetDeadlineMs: number
  /** No progress for this long: emitted again from the last step that knows it. */
  readonly stepDeadlineMs: number
  /** Where targets come from: the sender names them, or the case knows. */
  readonly targets: 'sender' | 'case'
}

/** A canonical message: a published JSON Schema under a name and a version. */
export interface CanonicalSchema {
  /** e.g. `discover-request`; the name of its mappings, too. */
  readonly name: string
  readonly version: number
  readonly title: { readonly zh: string; readonly en: string }
  readonly schema: TSchema
}

export const defineExchange = (definition: ExchangeDefinition): ExchangeDefinition => Object.freeze(definition)
export const defineSchema = (name: string, version: number, title: { zh: string; en: string }, schema: TSchema): CanonicalSchema =>
  Object.freeze({ name, version, title, schema })

/** A canonical schema as it is published: under an identifier of its own. */
export const publishedSchema = (s: CanonicalSchema): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `https://tongqu.example/schemas/${s.name}/${s.version}`, title: `${s.title.zh} ${s.title.en}`, ...s.schema,
})

/** `medical-records.discover` */
export const exchangeKey = (d: Pick<ExchangeDefinition, 'domain' | 'name'>): string => `${d.domain}.${d.name}`
/** `discover-request@1` */
export const schemaId = (s: Pick<CanonicalSchema, 'name' | 'version'>): string => `${s.name}@${s.version}`
export const exchangeRoute = (d: Pick<ExchangeDefinition, 'domain' | 'name'>): string => `/v1/exchanges/${d.domain}/${d.name}`

/** Types of the messages that carry one exchange. */
export const messageTypes = (d: Pick<ExchangeDefinition, 'domain' | 'name'>) => ({
  /** gateway → domain */
  request: `${exchangeKey(d)}.request`,
  /** domain → connector (or pull inbox) */
  deliver: `${exchangeKey(d)}.deliver`,
  /** connector (or gateway, for pull) → domain */
  answer: `${exchangeKey(d)}.answer`,
  /** domain → gateway, ends the exchange */
  result: `${exchangeKey(d)}.result`,
})

/** Topics. A slow province holds up nobody else: each has its own. */
export const topics = {
  domain: (domain: string): string => `tongqu.${domain}`,
  deliveries: (province: string): string => `tongqu.deliver.${province}`,
  pull: 'tongqu.pull',
  gateway: 'tongqu.gateway',
  deadLetters: 'tongqu.dead-letters',
  /** Commands of operators to one service (replay, evidence, finality). */
  operations: (service: string): string => `tongqu.ops.${service}`,
} as const
