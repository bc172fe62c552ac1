import { failAt, readYaml, type Place } from './source.js'

export interface CodeRow {
  readonly native: string
  readonly canonical: string
  readonly zh?: string
  /** The row serves one direction alone. */
  readonly direction?: 'read' | 'write'
}

/** A crosswalk: native code ↔ canonical code. Several native forms may share one canonical code; the first row is written. */
export interface CodeTable {
  readonly name: string
  readonly version: number
  readonly toCanonical: ReadonlyMap<string, string>
  readonly toNative: ReadonlyMap<string, string>
  /** Name of a native code. */
  readonly texts: ReadonlyMap<string, string>
}

const isRow = (row: unknown): row is CodeRow => {
  if (typeof row !== 'object' || row === null) return false
  const { native, canonical, zh, direction } = row as Record<string, unknown>
  return typeof native === 'string' && typeof canonical === 'string' && (zh === undefined || typeof zh === 'string') && (direction === undefined || direction === 'read' || direction === 'write')
}

/** Reads a code table (`name`, `version`, `rows: [{ native, canonical, zh, direction? }]`). Throws `MappingError` with file, line and what would be right. */
export function readCodeTable(text: string, file: string): CodeTable {
  const { value, lineOf } = readYaml(text, file)
  const head = value as { name?: unknown; version?: unknown; rows?: unknown }
  const at = (...path: Place['path']): Place => ({ file, line: lineOf(path), path })
  if (typeof head?.name !== 'string') failAt(at(), 'a code table needs a name')
  if (typeof head.version !== 'number') failAt(at(), 'a code table needs a version (a whole number)')
  if (!Array.isArray(head.rows) || head.rows.length === 0) failAt(at('rows'), 'a code table needs rows')
  const toCanonical = new Map<string, string>()
  const toNative = new Map<string, string>()
  const texts = new Map<string, string>()
  for (const [i, row] of (head.rows as unknown[]).entries()) {
    if (!isRow(row)) failAt(at('rows', i), 'a row is { native: text, canonical: text, zh?: text, direction?: read | write }; put codes in quotes')
    if (row.direction !== 'write') {
      if (toCanonical.has(row.native)) failAt(at('rows', i), `the native code "${row.native}" stands twice; keep one row`)
      toCanonical.set(row.native, row.canonical)
    }
    if (row.direction !== 'read' && !toNative.has(row.canonical)) toNative.set(row.canonical, row.native)
    if (row.zh !== undefined && !texts.has(row.native)) texts.set(row.native, row.zh)
  }
  return { name: head.name, version: head.version, toCanonical, toNative, texts }
}
