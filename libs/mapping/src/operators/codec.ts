import type { Notes, Problem } from '../engine/problem.js'
import type { Scalar } from '../dialects/dialect.js'

/**
 * One two-way operator, compiled: native text ↔ canonical value. Text comes trimmed and is never empty. An operator that cannot
 * carry a value says so with a `Problem` (refused) or a note (carried with loss); it never guesses.
 */
export interface Codec {
  read(text: string, notes: Notes): unknown
  write(value: unknown, notes: Notes, system?: unknown): Scalar | Problem | undefined
  /** The canonical value is an object of which this operator carries these members alone. */
  readonly members?: readonly string[]
  /** The name that stands beside a code in its twin field. */
  textOf?(native: string): string | undefined
  /** The system that the canonical code of this native one belongs to. */
  systemOf?(native: string): string | undefined
}

/** Full-width forms to ASCII and compatibility characters to their plain ones (NFKC). */
export const narrow = (text: string): string => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) return text.normalize('NFKC')
  return text
}
