import { fault, type FailureCode, type Fault } from '#kernel'
import type { Mapping, Reading } from './contract.js'

export interface AnyReading {
  /** The mapping whose discriminator fitted; undefined when none did or the bytes could not be read at all. */
  readonly mapping?: Mapping
  readonly reading: Reading
}

/** Faults of the bytes: they say nothing about which message it was meant to be. */
const UNREADABLE: ReadonlySet<FailureCode> = new Set(['ENCODING_INVALID', 'DOCUMENT_MALFORMED', 'XML_DOCTYPE_FORBIDDEN', 'NESTING_TOO_DEEP', 'ROW_COUNT_WRONG'])

/**
 * Reads a document that may be one of several messages: the first mapping whose discriminator fits. Fits none, the answer is one
 * `DIALECT_MISMATCH` that names them all.
 */
export function readAny(mappings: Iterable<Mapping>, bytes: Uint8Array, supplied?: Readonly<Record<string, unknown>>): AnyReading {
  let mismatch: Fault | undefined
  const expected: string[] = []
  for (const mapping of mappings) {
    const reading = mapping.read(bytes, supplied)
    if (reading.ok) return { mapping, reading }
    const [first] = reading.faults
    if (first.code !== 'DIALECT_MISMATCH') return UNREADABLE.has(first.code) ? { reading } : { mapping, reading }
    mismatch ??= first
    expected.push(mapping.id)
  }
  const names = { zh: `应为 ${expected.join('、')} 之一`, en: `one of ${expected.join(', ')} is expected` }
  return { reading: { ok: false, faults: [fault('DIALECT_MISMATCH', mismatch?.pointer ?? '', names)] } }
}
