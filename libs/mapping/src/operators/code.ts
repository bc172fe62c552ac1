import { Problem, type Notes } from '../engine/problem.js'
import type { CodeTable } from '../language/code-table.js'
import { narrow, type Codec } from './codec.js'

/** What happens to a code that the table does not know: refused, kept as it came, or replaced on the side that is named (kept on the other). Both are noted as loss. */
export type Unmapped = 'refuse' | 'keep' | { readonly canonical?: string; readonly native?: string }

/** Systems of a canonical code: the standard's when the table knows it, the province's own when it was kept. */
export interface Systems { readonly mapped: string; readonly kept: string }

/** A crosswalk through one table, or through several in a row (native → … → canonical). */
export function codeCodec(tables: readonly CodeTable[], unmapped: Unmapped, systems?: Systems): Codec {
  const names = tables.map(table => table.name).join(' → ')
  const unknown = new Problem('CODE_UNKNOWN', { zh: `代码表 ${names}`, en: `code table ${names}` })
  const backwards = tables.toReversed()
  const [nearest] = tables

  const forth = (code: string): string | undefined => {
    let at: string | undefined = code
    for (const table of tables) if (at !== undefined) at = table.toCanonical.get(at) ?? table.toCanonical.get(narrow(at))
    return at
  }
  const back = (code: string): string | undefined => {
    let at: string | undefined = code
    for (const table of backwards) if (at !== undefined) at = table.toNative.get(at)
    return at
  }
  const otherwise = (code: string, replacement: string | undefined, notes: Notes): string | Problem => {
    if (unmapped === 'refuse') return unknown
    notes.note('code-unmapped')
    return replacement ?? code
  }
  return {
    read: (text, notes) => forth(text) ?? otherwise(text, typeof unmapped === 'object' ? unmapped.canonical : undefined, notes),
    write(value, notes, system) {
      if (typeof value !== 'string') return unknown
      // A kept code of this province goes home as it came.
      if (systems && system === systems.kept) return value
      const known = systems === undefined || system === undefined || system === systems.mapped ? back(value) : undefined
      return known ?? otherwise(value, typeof unmapped === 'object' ? unmapped.native : undefined, notes)
    },
    textOf: native => nearest?.texts.get(native),
    systemOf: native => systems && (forth(native) === undefined ? systems.kept : systems.mapped),
  }
}

const UCUM = 'http://unitsofmeasure.org'
const noUnit = new Problem('FIELD_INVALID', { zh: '应为计量单位', en: 'a unit is expected' })

/** Unit text ↔ `{ unit, system, code }` of a FHIR Quantity, through a table native ↔ UCUM. An unknown unit stays text and is noted. */
export function unitCodec(table: CodeTable): Codec {
  return {
    members: ['unit', 'system', 'code'],
    read(text, notes) {
      const code = table.toCanonical.get(text) ?? table.toCanonical.get(narrow(text))
      if (code !== undefined) return { unit: code, system: UCUM, code }
      notes.note('code-unmapped')
      return { unit: text }
    },
    write(quantity, notes) {
      const { unit, system, code } = quantity as { unit?: unknown; system?: unknown; code?: unknown }
      const known = typeof code === 'string' && (system === undefined || system === UCUM) ? table.toNative.get(code) : undefined
      if (known !== undefined) return known
      const text = unit ?? code
      if (typeof text !== 'string') return noUnit
      notes.note('code-unmapped')
      return text
    },
  }
}
