import type { NativeField, Scalar } from '../dialects/dialect.js'
import type { Codec } from '../operators/codec.js'
import type { CanonicalPath, Members } from './canonical-path.js'
import { Problem } from './problem.js'
import type { Condition, Rule, Status } from './rule.js'
import { isThere, type Run } from './run.js'

export interface FieldOptions<N> {
  readonly canonical: CanonicalPath
  readonly native: NativeField<N>
  readonly codec: Codec
  readonly when?: Condition
  readonly nulls: ReadonlySet<string>
  readonly prefix: string
  readonly suffix: string
  /** Canonical value of an empty native field. */
  readonly default?: unknown
  /** Native value where the canonical document has nothing. */
  readonly blank?: Scalar
  /** Reading and writing fail when there is nothing. */
  readonly required: boolean
  /** Name beside the code: checked when reading, filled when writing. */
  readonly twin?: NativeField<N>
  /** Where the code's system stands in the canonical document. */
  readonly system?: CanonicalPath
  /** Native constants that go with a value: written beside it, ignored when read. */
  readonly with: readonly (readonly [NativeField<N>, Scalar])[]
  readonly oneWay?: { readonly direction: 'read' | 'write'; readonly reason: string }
  /** The native value is a JSON number. */
  readonly asNumber: boolean
}

const notSingle = new Problem('FIELD_INVALID', { zh: '应为单个值', en: 'a single value is expected' })
const notNumber = new Problem('FIELD_INVALID', { zh: '应为数值', en: 'a number is expected' })
const twinDiffers = { zh: '代码与名称不一致', en: 'the code contradicts its name' }

/** One canonical value ↔ one native value through one operator. */
export class FieldRule<N> implements Rule<N> {
  constructor(readonly options: FieldOptions<N>) {}

  /** The native text, trimmed and without its fixed parts; '' when there is nothing. */
  #text(raw: unknown): string | Problem {
    if (raw === undefined || raw === null) return ''
    if (typeof raw === 'object') return raw instanceof Problem ? raw : notSingle
    const { prefix, suffix, nulls } = this.options
    let text = typeof raw === 'string' ? raw.trim() : String(raw)
    if (prefix !== '' && text.startsWith(prefix)) text = text.slice(prefix.length).trim()
    if (suffix !== '' && text.endsWith(suffix)) text = text.slice(0, -suffix.length).trim()
    return nulls.has(text) ? '' : text
  }

  read(scope: N, target: Members, run: Run, quiet = false): Status {
    const { native, codec, canonical, when, oneWay } = this.options
    const { trace } = run
    if (when && !when(target)) return 'absent'
    if (oneWay?.direction === 'write') { trace?.use(native.uses(scope, run.place)); if (isThere(native.get(scope))) run.taken++; return 'absent' }
    if (trace) {
      const pointer = canonical.pointer(target, run.canonicalPlace)
      if (!trace.sources.has(pointer)) trace.sources.set(pointer, native.pointer(scope, run.place))
      trace.current = native.pointer(scope, run.place)
    }
    const raw = native.get(scope)
    const text = this.#text(raw)
    if (text === '') { if (isThere(raw)) run.taken++; return this.#readNothing(scope, target, run, quiet) }
    const losses = trace?.losses.length
    const value = typeof text === 'string' ? codec.read(text, run) : text
    if (value instanceof Problem) {
      if (trace && losses !== undefined) trace.losses.length = losses
      if (!quiet) this.#refuse(value, scope, target, run)
      return 'problem'
    }
    if (canonical.isScope) return 'done'
    if (codec.members) canonical.merge(target, value as Members)
    else canonical.set(target, value)
    if (this.options.system) this.options.system.set(target, codec.systemOf?.(text as string))
    run.taken++
    if (this.options.twin) this.#checkTwin(text as string, scope, run)
    if (trace) this.#traceRead(scope, run)
    return 'done'
  }

  /** The value alone, for lists of plain values. */
  readValue(scope: N, run: Run): unknown {
    const { native, codec } = this.options
    if (run.trace) run.trace.current = native.pointer(scope, run.place)
    const raw = native.get(scope)
    if (isThere(raw)) run.taken++
    const text = this.#text(raw)
    if (text === '') return undefined
    const value = typeof text === 'string' ? codec.read(text, run) : text
    if (run.trace) { run.trace.sources.set(run.canonicalPlace, run.trace.current); this.#traceRead(scope, run) }
    if (!(value instanceof Problem)) return value
    run.trace?.refused.add(run.canonicalPlace)
    run.fail(value.code, () => native.pointer(scope, run.place), value.detail)
    return undefined
  }

  #readNothing(scope: N, target: Members, run: Run, quiet: boolean): Status {
    const { canonical, required } = this.options
    if (run.trace) this.#traceRead(scope, run)
    if (this.options.default !== undefined) {
      if (canonical.get(target) === undefined) canonical.set(target, this.options.default)
      return 'done'
    }
    if (required && !quiet) this.#refuse(new Problem('FIELD_MISSING'), scope, target, run)
    return 'absent'
  }

  #refuse(problem: Problem, scope: N, target: Members, run: Run): void {
    run.trace?.refused.add(this.options.canonical.pointer(target, run.canonicalPlace))
    run.trace?.use(this.options.native.uses(scope, run.place))
    run.fail(problem.code, () => this.options.native.pointer(scope, run.place), problem.detail)
  }

  #checkTwin(code: string, scope: N, run: Run): void {
    const { twin, codec } = this.options
    const there = twin!.get(scope)
    if (isThere(there)) run.taken++
    const raw = this.#text(there)
    const expected = codec.textOf?.(code)
    if (raw !== expected && raw !== '' && expected !== undefined && (raw instanceof Problem || raw.normalize('NFKC') !== expected.normalize('NFKC'))) run.fail('FIELD_INVALID', () => twin!.pointer(scope, run.place), twinDiffers)
  }

  #traceRead(scope: N, run: Run): void {
    const { native, twin } = this.options
    run.trace!.use(native.uses(scope, run.place))
    if (twin) run.trace!.use(twin.uses(scope, run.place))
    for (const [field] of this.options.with) run.trace!.use(field.uses(scope, run.place))
  }

  write(source: Members, scope: N, run: Run, quiet = false): Status {
    const { canonical, native, codec, when, oneWay, blank } = this.options
    if (when && !when(source)) return 'absent'
    if (run.trace) run.trace.current = canonical.pointer(source, run.canonicalPlace)
    const value = canonical.get(source)
    const nothing = value === undefined || value === null || (codec.members !== undefined && codec.members.every(name => (value as Members)[name] === undefined))
    if (nothing) {
      if (blank !== undefined && oneWay?.direction !== 'read') native.set(scope, blank)
      else if (this.options.required && !quiet) run.fail('FIELD_MISSING', () => canonical.pointer(source, run.canonicalPlace))
      return 'absent'
    }
    if (oneWay?.direction === 'read') {
      run.trace?.oneWay.set(run.trace.current, oneWay.reason)
      run.trace?.use(canonical.predicatePointers(source, run.canonicalPlace))
      return 'absent'
    }
    const text = codec.write(value, run, this.options.system?.get(source))
    const written = this.options.asNumber && !(text instanceof Problem) && !Number.isFinite(Number(text)) ? notNumber : text
    if (written instanceof Problem) {
      if (!quiet) run.fail(written.code, () => canonical.pointer(source, run.canonicalPlace), written.detail)
      return 'problem'
    }
    if (run.trace) this.#traceWrite(source, run)
    if (written === undefined || written === '') { if (blank !== undefined) native.set(scope, blank); return 'absent' }
    this.#put(written, scope)
    return 'done'
  }

  /** Writes one plain value of a list. */
  writeValue(value: unknown, run: Run, put: (written: Scalar) => void): void {
    if (run.trace) run.trace.current = run.canonicalPlace
    const written = this.options.codec.write(value, run)
    if (written instanceof Problem) { run.fail(written.code, () => run.canonicalPlace, written.detail); return }
    run.trace?.used.add(run.canonicalPlace)
    if (written !== undefined) put(written)
  }

  /** Sets a written value with everything that goes with it. */
  put(written: Scalar, scope: N): void { this.#put(written, scope) }

  #put(written: Scalar, scope: N): void {
    const { native, prefix, suffix, twin, codec, asNumber } = this.options
    native.set(scope, asNumber ? Number(written) : prefix === '' && suffix === '' ? written : `${prefix}${written}${suffix}`)
    for (const [field, constant] of this.options.with) field.set(scope, constant)
    if (twin) { const text = codec.textOf?.(String(written)); if (text !== undefined) twin.set(scope, text) }
  }

  #traceWrite(source: Members, run: Run): void {
    const { canonical, codec, system } = this.options
    const pointer = canonical.pointer(source, run.canonicalPlace)
    const trace = run.trace!
    if (codec.members) for (const name of codec.members) trace.used.add(`${pointer}/${name}`)
    else trace.used.add(pointer)
    trace.use(canonical.predicatePointers(source, run.canonicalPlace))
    if (system) trace.used.add(system.pointer(source, run.canonicalPlace))
  }
}
