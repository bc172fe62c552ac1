import { fault, type Fault } from '#kernel'
import type { ErrorObject } from '../language/validator.js'
import { pointerName } from './canonical-path.js'
import type { SchemaView } from './schema-view.js'
import { MAX_FAULTS, type Trace } from './run.js'

const texts: Partial<Record<string, (params: Record<string, unknown>) => { zh: string; en: string }>> = {
  enum: p => ({ zh: `可取值为 ${(p.allowedValues as unknown[]).join('、')}`, en: `allowed are ${(p.allowedValues as unknown[]).join(', ')}` }),
  maxLength: p => ({ zh: `最多 ${p.limit} 个字符`, en: `at most ${p.limit} characters` }),
  minLength: p => ({ zh: `至少 ${p.limit} 个字符`, en: `at least ${p.limit} characters` }),
  maxItems: p => ({ zh: `最多 ${p.limit} 项`, en: `at most ${p.limit} items` }),
  uniqueItems: () => ({ zh: '不得重复', en: 'no item may stand twice' }),
  pattern: () => ({ zh: '格式不正确', en: 'the form is not right' }),
}

/**
 * The native field that feeds a canonical pointer: its own source, else a source below it (the first field of a missing part), else the
 * nearest one above.
 */
export function sourceOf(pointer: string, trace: Trace, supplied: Readonly<Record<string, string>>): string {
  const exact = trace.sources.get(pointer)
  if (exact !== undefined) return exact
  const header = suppliedBy(pointer, supplied)
  if (header !== undefined) return header
  for (const [canonical, native] of trace.sources) if (canonical.startsWith(`${pointer}/`)) return native
  for (let at = pointer; at.includes('/'); at = at.slice(0, at.lastIndexOf('/'))) {
    const near = trace.sources.get(at)
    if (near !== undefined) return near
  }
  return ''
}

/** The header that brings a canonical member which documents of this dialect do not carry; the longest path wins. */
function suppliedBy(pointer: string, supplied: Readonly<Record<string, string>>): string | undefined {
  let best: string | undefined
  for (const path of Object.keys(supplied)) {
    const prefix = `/${path.replaceAll('.', '/')}`
    if ((pointer === prefix || pointer.startsWith(`${prefix}/`)) && (best === undefined || path.length > best.length)) best = path
  }
  return best === undefined ? undefined : supplied[best]
}

/** Errors of the canonical schema as faults of the native document; what the rules refused already is not said again. */
export function schemaFaults(errors: readonly ErrorObject[], schema: SchemaView, trace: Trace, supplied: Readonly<Record<string, string>>): Fault[] {
  const faults: Fault[] = []
  const seen = new Set(trace.faults.map(each => each.pointer))
  const add = (each: Fault): void => { if (!seen.has(each.pointer)) { seen.add(each.pointer); faults.push(each) } }
  for (const { keyword, instancePath, params } of errors) {
    if (faults.length + trace.faults.length >= MAX_FAULTS) break
    if (keyword === 'anyOf' || keyword === 'const' && instancePath.endsWith('/resourceType')) continue
    if (keyword === 'required') {
      const missing = `${instancePath}/${pointerName((params as { missingProperty: string }).missingProperty)}`
      for (const pointer of trace.sources.has(missing) ? [missing] : schema.requiredBelow(missing)) if (!trace.refused.has(pointer)) add(fault('FIELD_MISSING', sourceOf(pointer, trace, supplied)))
    } else if (keyword === 'minItems') add(fault('FIELD_MISSING', sourceOf(instancePath, trace, supplied)))
    else if (!trace.refused.has(instancePath)) add(fault('FIELD_INVALID', sourceOf(instancePath, trace, supplied), texts[keyword]?.(params)))
  }
  return faults
}
