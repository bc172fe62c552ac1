import { Failure, fault, type Fault } from '#kernel'
import { readAny, type Mapping } from '#mapping'
import type { Province } from '#provinces'
import { exchange as definitionOf, schemaId, type CanonicalSchema } from '#schemas'

export interface Translated {
  readonly bytes: Buffer
  readonly contentType: string
  /** Canonical path → header, of what the bytes do not carry. */
  readonly supplied: Readonly<Record<string, string>>
  readonly mapping: string
  readonly lossCount: number
}
export type Understood =
  | { readonly ok: true; readonly schema: CanonicalSchema; readonly document: unknown; readonly mapping: string; readonly lossCount: number }
  | { readonly ok: false; readonly faults: readonly [Fault, ...Fault[]]; readonly mapping?: string }

/** A document may have thousands of faults of one kind; nobody reads more. */
const MAX_FAULTS = 100

/** What one province speaks, both ways. */
export class Translation {
  readonly #answers = new Map<string, readonly { readonly schema: CanonicalSchema; readonly mapping: Mapping }[]>()

  constructor(private readonly province: Province) {}

  /** Throws `Failure` naming what the province requires and the document has not. */
  out(schema: string, document: unknown): Translated {
    const mapping = this.province.mappings.get(schema)
    if (!mapping) throw new Failure('MEDIA_TYPE_UNSUPPORTED', [fault('MEDIA_TYPE_UNSUPPORTED', schema)])
    const { bytes, contentType, loss } = mapping.write(document)
    return { bytes, contentType, supplied: mapping.supplied, mapping: mapping.id, lossCount: loss.length }
  }

  /** Reads the province's bytes as one of the exchange's answers. */
  in(exchange: string, bytes: Buffer): Understood {
    const answers = this.#answersTo(exchange)
    const { mapping, reading } = readAny(answers.map(a => a.mapping), bytes)
    if (!reading.ok || !mapping) {
      const faults = reading.ok ? [fault('DIALECT_MISMATCH', '')] as const : reading.faults
      return { ok: false, faults: faults.slice(0, MAX_FAULTS) as [Fault, ...Fault[]], mapping: mapping?.id }
    }
    const { schema } = answers.find(a => a.mapping === mapping)!
    return { ok: true, schema, document: reading.canonical, mapping: mapping.id, lossCount: reading.loss.length }
  }

  #answersTo(exchange: string) {
    let answers = this.#answers.get(exchange)
    if (!answers) {
      answers = (definitionOf(exchange)?.answer ?? []).flatMap(schema => {
        const mapping = this.province.mappings.get(schema.name)
        return mapping ? [{ schema, mapping }] : []
      })
      this.#answers.set(exchange, answers)
    }
    return answers
  }
}

export const schemaVersions = (schema: CanonicalSchema, mapping: string): Readonly<Record<string, string>> => ({ schema: schemaId(schema), mapping })
