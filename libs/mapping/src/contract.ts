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
  /**
   * Every fault of the document at once, each with its place in the native document. `canonical`: as far as it could be read, never
   * valid; so that who admits the document can list what its own rules find wrong in the same answer.
   */
  | { readonly ok: false; readonly faults: readonly [Fault, ...Fault[]]; readonly canonical?: unknown }

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
  /** Canonical path → header: what documents of this dialect do not carry, e.g. `targets: Tongqu-Targets`. */
  readonly supplied: Readonly<Record<string, string>>
  /**
   * Native bytes → canonical, checked against the canonical schema. Never throws for bad input. `supplied`: what travelled beside the
   * document, in headers, as a part of the canonical form; it completes the document before the check, and the document itself wins.
   */
  read(bytes: Uint8Array, supplied?: Readonly<Record<string, unknown>>): Reading
  /** Where the value at this canonical JSON pointer stands, or should stand, in these bytes. Reads again, with places: for faults alone. */
  place(bytes: Uint8Array, canonicalPointer: string): string
  /** Canonical (valid against its schema) → native bytes. Throws `Failure` when a required native field has no source. */
  write(canonical: unknown): Writing
}
