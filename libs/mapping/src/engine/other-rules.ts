import type { NativeField, Scalar } from '../dialects/dialect.js'
import type { CanonicalPath, Members } from './canonical-path.js'
import type { Condition, Rule, Status } from './rule.js'
import { isThere, loss, type Run } from './run.js'

/** Passes a native value by that follows from others. */
function skip<N>(native: NativeField<N>, scope: N, run: Run): Status {
  run.trace?.use(native.uses(scope, run.place))
  if (isThere(native.get(scope))) run.taken++
  return 'absent'
}

/** A canonical value that this message always has, unless another rule gave one. */
export class CanonicalConstant<N> implements Rule<N> {
  constructor(readonly options: { readonly canonical: CanonicalPath; readonly value: Scalar; readonly when?: Condition }) {}

  read(_scope: N, target: Members): Status {
    const { canonical, value, when } = this.options
    if (when && !when(target)) return 'absent'
    if (canonical.get(target) === undefined) canonical.set(target, value)
    return 'done'
  }

  write(source: Members, _scope: N, run: Run): Status {
    const { canonical, value, when } = this.options
    if (when && !when(source)) return 'absent'
    const there = canonical.get(source)
    if (there !== undefined && run.trace) {
      const pointer = canonical.pointer(source, run.canonicalPlace)
      if (there === value) { run.trace.used.add(pointer); run.trace.use(canonical.predicatePointers(source, run.canonicalPlace)) }
    }
    return there === value ? 'done' : 'absent'
  }
}

/** A native value that this message always has. A document that differs loses its value, or is refused if the rule is strict. */
export class NativeConstant<N> implements Rule<N> {
  constructor(readonly options: { readonly native: NativeField<N>; readonly value: Scalar; readonly when?: Condition; readonly strict: boolean; readonly nulls: ReadonlySet<string> }) {}

  read(scope: N, target: Members, run: Run): Status {
    const { native, value, strict, when } = this.options
    run.trace?.use(native.uses(scope, run.place))
    if (when && !when(target)) return 'absent'
    const there = native.get(scope)
    if (isThere(there)) run.taken++
    if (there === undefined || there === null || String(there).trim() === String(value) || this.options.nulls.has(String(there).trim())) return 'absent'
    if (!strict) { run.noted = true; run.trace?.losses.push(loss('declared-one-way', native.pointer(scope, run.place), `written as ${String(value)}`)); return 'absent' }
    run.fail('FIELD_INVALID', () => native.pointer(scope, run.place), { zh: `应为 ${String(value)}`, en: `${String(value)} is expected` })
    return 'problem'
  }

  write(source: Members, scope: N): Status {
    if (this.options.when && !this.options.when(source)) return 'absent'
    this.options.native.set(scope, this.options.value)
    return 'done'
  }
}

/** The position of a list element: written, ignored when read. */
export class PositionRule<N> implements Rule<N> {
  constructor(readonly options: { readonly native: NativeField<N>; readonly from: number; readonly digits: number }) {}
  read(scope: N, _target: Members, run: Run): Status { return skip(this.options.native, scope, run) }
  write(_source: Members, scope: N, run: Run): Status {
    this.options.native.set(scope, String(run.index + this.options.from).padStart(this.options.digits, '0'))
    return 'done'
  }
}

/** How many elements a canonical list has: written, ignored when read. */
export class CountRule<N> implements Rule<N> {
  constructor(readonly options: { readonly native: NativeField<N>; readonly list: CanonicalPath }) {}
  read(scope: N, _target: Members, run: Run): Status { return skip(this.options.native, scope, run) }
  write(source: Members, scope: N): Status {
    const list = this.options.list.get(source)
    this.options.native.set(scope, String(Array.isArray(list) ? list.length : 0))
    return 'done'
  }
}

/** A native field or a canonical field that is knowingly not carried, with its reason. */
export class DropRule<N> implements Rule<N> {
  constructor(readonly options: { readonly native?: NativeField<N>; readonly canonical?: CanonicalPath; readonly reason: string; readonly nulls: ReadonlySet<string> }) {}

  read(scope: N, _target: Members, run: Run): Status {
    const { native, reason, nulls } = this.options
    if (!native) return 'absent'
    skip(native, scope, run)
    const there = native.get(scope)
    if (there === undefined || there === null || nulls.has(String(there).trim())) return 'absent'
    run.noted = true
    run.trace?.losses.push(loss('declared-one-way', native.pointer(scope, run.place), reason))
    return 'absent'
  }

  write(source: Members, _scope: N, run: Run): Status {
    const { canonical, reason } = this.options
    if (!canonical || !run.trace || canonical.get(source) === undefined) return 'absent'
    const pointer = canonical.pointer(source, run.canonicalPlace)
    run.trace.used.add(pointer)
    run.trace.losses.push(loss('declared-one-way', pointer, reason))
    return 'absent'
  }
}

/** Alternatives: the first that has a value and accepts it, in either direction. */
export class ChooseRule<N> implements Rule<N> {
  constructor(readonly alternatives: readonly Rule<N>[], readonly when?: Condition) {}

  #try(run: Run, attempt: (rule: Rule<N>, quiet: boolean) => Status): Status {
    let refusing: Rule<N> | undefined
    const { taken } = run
    for (const rule of this.alternatives) {
      run.taken = taken
      const status = attempt(rule, true)
      if (status === 'done') return 'done'
      if (status === 'problem') refusing = rule
    }
    return refusing ? attempt(refusing, false) : 'absent'
  }

  read(scope: N, target: Members, run: Run, quiet = false): Status {
    if (this.when && !this.when(target)) return 'absent'
    return this.#try(run, (rule, silent) => rule.read(scope, target, run, silent || quiet))
  }

  write(source: Members, scope: N, run: Run, quiet = false): Status {
    if (this.when && !this.when(source)) return 'absent'
    return this.#try(run, (rule, silent) => rule.write(source, scope, run, silent || quiet))
  }
}
