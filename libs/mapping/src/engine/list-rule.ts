import type { NativeField, NativeList, Scalar } from '../dialects/dialect.js'
import type { CanonicalPath, Members } from './canonical-path.js'
import type { FieldRule } from './field-rule.js'
import type { Condition, Rule, Status } from './rule.js'
import { isThere, type Run } from './run.js'

function tooMany(canonicalPointer: string, maxItems: number, run: Run, pointer: () => string): Status {
  run.trace?.refused.add(canonicalPointer)
  run.fail('FIELD_INVALID', pointer, { zh: `最多 ${maxItems} 项`, en: `at most ${maxItems} items` })
  return 'problem'
}

export interface ListOptions<N> {
  readonly canonical: CanonicalPath
  readonly native: NativeList<N>
  readonly when?: Condition
  /** Elements that belong to the list; written into each element. */
  readonly where: readonly { readonly field: NativeField<N>; readonly holds: (value: unknown) => boolean; readonly value?: Scalar }[]
  /** The canonical schema wants the list even if it is empty. */
  readonly always: boolean
  /** More elements are refused as a whole, before they are mapped. */
  readonly maxItems: number
  /** Rules of one element, or the one rule of a plain value. */
  readonly rules: readonly Rule<N>[]
  readonly plain?: { readonly rule: FieldRule<N>; readonly isElement: boolean }
}

/** A canonical list ↔ the elements of a native list. */
export class ListRule<N> implements Rule<N> {
  constructor(readonly options: ListOptions<N>) {}

  read(scope: N, target: Members, run: Run): Status {
    const { canonical, native, when, where, plain, always, maxItems } = this.options
    if (when && !when(target)) return 'absent'
    const { trace } = run
    const outer = { place: run.place, canonicalPlace: run.canonicalPlace, index: run.index }
    if (trace) {
      trace.sources.set(canonical.pointer(target, outer.canonicalPlace), native.pointer(scope, outer.place))
      trace.use(native.uses(scope, outer.place))
    }
    const elements: unknown[] = []
    const items = native.items(scope)
    let belonging = 0
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!
      if (where.length > 0 && !where.every(each => each.holds(each.field.get(item)))) continue
      if (++belonging > maxItems) return this.#tooMany(scope, target, run, outer)
      run.index = elements.length
      if (trace) {
        run.place = native.pointer(scope, outer.place, { scope: item, index: i })
        run.canonicalPlace = `${canonical.pointer(target, outer.canonicalPlace)}/${elements.length}`
        for (const each of where) trace.use(each.field.uses(item, run.place))
      }
      for (const each of where) if (isThere(each.field.get(item))) run.taken++
      const element = plain ? plain.rule.readValue(item, run) : this.#readElement(item, run)
      if (element !== undefined) elements.push(element)
    }
    run.place = outer.place
    run.canonicalPlace = outer.canonicalPlace
    run.index = outer.index
    if (elements.length === 0 && !always) return 'absent'
    canonical.set(target, elements)
    return 'done'
  }

  #tooMany(scope: N, target: Members, run: Run, outer: { readonly place: string; readonly canonicalPlace: string; readonly index: number }): Status {
    const { canonical, native, maxItems } = this.options
    Object.assign(run, outer)
    return tooMany(canonical.pointer(target, run.canonicalPlace), maxItems, run, () => native.pointer(scope, run.place))
  }

  #readElement(item: N, run: Run): Members {
    const element: Members = {}
    for (const rule of this.options.rules) rule.read(item, element, run)
    return element
  }

  write(source: Members, scope: N, run: Run): Status {
    const { canonical, native, when } = this.options
    if (when && !when(source)) return 'absent'
    const elements = canonical.get(source)
    if (!Array.isArray(elements)) return 'absent'
    const outer = { canonicalPlace: run.canonicalPlace, index: run.index }
    native.open(scope)
    for (let i = 0; i < elements.length; i++) {
      run.index = i
      if (run.trace) run.canonicalPlace = `${canonical.pointer(source, outer.canonicalPlace)}/${i}`
      this.#writeElement(elements[i], scope, run)
    }
    run.canonicalPlace = outer.canonicalPlace
    run.index = outer.index
    return 'done'
  }

  #writeElement(element: unknown, scope: N, run: Run): void {
    const { native, plain, where, rules } = this.options
    if (plain?.isElement) { plain.rule.writeValue(element, run, written => native.push(scope, written)); return }
    const item = native.append(scope)
    for (const each of where) if (each.value !== undefined) each.field.set(item, each.value)
    if (plain) plain.rule.writeValue(element, run, written => plain.rule.put(written, item))
    else for (const rule of rules) rule.write(element as Members, item, run)
  }
}

/** A list of plain values that the native document holds in one field: `LXDH,XZQH`. */
export class SplitRule<N> implements Rule<N> {
  constructor(readonly options: { readonly canonical: CanonicalPath; readonly native: NativeField<N>; readonly separator: string; readonly rule: FieldRule<string>; readonly nulls: ReadonlySet<string>; readonly always: boolean; readonly maxItems: number }) {}

  read(scope: N, target: Members, run: Run): Status {
    const { canonical, native, separator, rule, nulls, always, maxItems } = this.options
    const raw = native.get(scope)
    const outer = { place: run.place, canonicalPlace: run.canonicalPlace }
    const pointer = canonical.pointer(target, outer.canonicalPlace)
    if (run.trace) {
      run.trace.sources.set(pointer, native.pointer(scope, run.place))
      run.trace.use(native.uses(scope, run.place))
    }
    if (isThere(raw)) run.taken++
    const text = raw === undefined || raw === null ? '' : String(raw).trim()
    const elements: unknown[] = []
    const parts = nulls.has(text) ? [] : text.split(separator)
    if (parts.length > maxItems) return tooMany(pointer, maxItems, run, () => native.pointer(scope, run.place))
    run.place = native.pointer(scope, outer.place)
    const { taken } = run
    for (const part of parts) {
      run.canonicalPlace = `${pointer}/${elements.length}`
      const value = rule.readValue(part, run)
      if (value !== undefined) elements.push(value)
    }
    run.taken = taken
    run.place = outer.place
    run.canonicalPlace = outer.canonicalPlace
    if (elements.length === 0 && !always) return 'absent'
    canonical.set(target, elements)
    return 'done'
  }

  write(source: Members, scope: N, run: Run): Status {
    const { canonical, native, separator, rule } = this.options
    const elements = canonical.get(source)
    if (!Array.isArray(elements)) return 'absent'
    const outer = run.canonicalPlace
    const parts: string[] = []
    for (const [i, element] of elements.entries()) {
      if (run.trace) run.canonicalPlace = `${canonical.pointer(source, outer)}/${i}`
      rule.writeValue(element, run, written => parts.push(String(written)))
    }
    run.canonicalPlace = outer
    if (parts.length > 0) native.set(scope, parts.join(separator))
    return 'done'
  }
}
