import type { Fault } from '#kernel'

/** Something that a translation could not carry; listed, never silent. Pointers name fields, never values. */
export interface Loss {
  /** Where it stood: a canonical JSON pointer when writing, a pointer into the native document when reading. */
  readonly pointer: string
  readonly reason: 'unmapped' | 'code-unmapped' | 'precision' | 'not-representable' | 'declared-one-way'
  readonly zh: string
  readonly en: string
}

export type Reading =
  | { readonly ok: true; readonly canonical: unknown; readonly loss: readonly Loss[] }
  /** Every fault of the document at once, each with its place in the native document. */
  | { readonly ok: false; readonly faults: readonly [Fault, ...Fault[]] }

export interface Writing {
  readonly bytes: Buffer
  readonly contentType: string
  readonly loss: readonly Loss[]
}

/** One province × dialect × message × version, both directions. Pure: same input, same output. */
export interface Mapping {
  /** e.g. `fujian/discover-request@1` */
  readonly id: string
  readonly province: string
  readonly dialect: 'json' | 'xml' | 'flat'
  /** Name of the canonical schema, e.g. `discover-request`. */
  readonly message: string
  readonly version: number
  readonly contentType: string
  /** Native bytes → canonical, checked against the canonical schema. Never throws for bad input. */
  read(bytes: Uint8Array): Reading
  /** Canonical (valid against its schema) → native bytes. Throws `Failure` when a required native field has no source. */
  write(canonical: unknown): Writing
}
