import type { Fault } from '#kernel'

/** A single native value. */
export type Scalar = string | number | boolean

/** One value of a native document, reached from a scope (the document, or one element of a list). `place` is the scope's own pointer. */
export interface NativeField<N> {
  /** `undefined`: not there. Anything but a scalar is refused by the rule. */
  get(scope: N): unknown
  set(scope: N, value: Scalar): void
  pointer(scope: N, place: string): string
  /** Every pointer that reading this field uses up: the value, the predicates on the way, its repeats. */
  uses(scope: N, place: string): readonly string[]
}

/** A list of scopes inside a scope. */
export interface NativeList<N> {
  items(scope: N): readonly N[]
  append(scope: N): N
  /** Appends an element that is one plain value. */
  push(scope: N, value: Scalar): void
  /** An empty list is written where the dialect can say it. */
  open(scope: N): void
  /** Of the list itself, or of one of its items. */
  pointer(scope: N, place: string, item?: { readonly scope: N; readonly index: number }): string
  uses(scope: N, place: string): readonly string[]
}

/** A leaf of a native document, for the loss report. */
export interface Leaf { readonly pointer: string; readonly value: unknown }

export type Parsed<N> = { readonly ok: true; readonly root: N } | { readonly ok: false; readonly fault: Fault }

/** A wire format. Compiles native paths; parses and serialises documents. Paths that are wrong throw a `SyntaxError` that says what is right. */
export interface Dialect<N> {
  parse(bytes: Uint8Array): Parsed<N>
  create(): N
  serialise(root: N): Buffer
  field(path: string): NativeField<N>
  list(path: string): NativeList<N>
  /** Every value of the document. */
  leaves(root: N): Iterable<Leaf>
  /** How many values there are that are not empty, where that is cheaper than listing them. */
  count?(root: N): number
  hasColumn?(root: N, column: string): boolean

}

/** Deeper documents are refused: nothing real comes near it. */
export const MAX_DEPTH = 64
