import { Failure, type Fault, fault } from '#kernel'
import type { Loss, Mapping, Reading, Writing } from '../contract.js'
import type { Dialect } from '../dialects/dialect.js'
import type { Recognise } from '../language/conditions.js'
import type { ValidateFunction } from '../language/validator.js'
import { FORBIDDEN_NAMES, pointerName, type Members } from './canonical-path.js'
import type { Rule } from './rule.js'
import { loss, Run, Trace } from './run.js'
import { schemaFaults, sourceOf } from './schema-faults.js'
import type { SchemaView } from './schema-view.js'
import { bundleOf, complete, inBundle, inView, take, type Skeleton } from './skeleton.js'

export interface MappingParts<N> {
  readonly head: Pick<Mapping, 'id' | 'province' | 'dialect' | 'message' | 'version' | 'contentType'>
  readonly dialect: Dialect<N>
  readonly recognise: Recognise<N>
  readonly rules: readonly Rule<N>[]
  readonly validate: () => ValidateFunction
  /** Of what the rules fill: the canonical document, or the skeleton's view of it. */
  readonly schema: SchemaView
  readonly validateView?: () => ValidateFunction
  readonly skeleton?: Skeleton
  readonly zone: string
  readonly nulls: ReadonlySet<string>
  /** No native value is taken by two rules. */
  readonly takesEachOnce: boolean
  readonly supplied: Readonly<Record<string, string>>
}

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fills in what a header brought; the document itself wins. */
function supplement(document: Members, supplied: Readonly<Members>): void {
  for (const [name, value] of Object.entries(supplied)) {
    if (FORBIDDEN_NAMES.has(name)) continue
    const there = document[name]
    if (there === undefined || Array.isArray(there) && there.length === 0) document[name] = value
    else if (isMembers(there) && isMembers(value)) supplement(there, value)
  }
}

/** The loss report is drawn up when it is first read. */
class GoodReading {
  readonly ok = true
  #loss: readonly Loss[] | undefined
  readonly #report: () => readonly Loss[]
  constructor(readonly canonical: unknown, report: () => readonly Loss[]) { this.#report = report }
  get loss(): readonly Loss[] { return this.#loss ??= this.#report() }
}

class Written implements Writing {
  #loss: readonly Loss[] | undefined
  readonly #report: () => readonly Loss[]
  constructor(readonly bytes: Buffer, readonly contentType: string, report: () => readonly Loss[]) { this.#report = report }
  get loss(): readonly Loss[] { return this.#loss ??= this.#report() }
}

/** A compiled mapping. The first pass is bare; only a document with faults, or a reader of losses, pays for a traced second one. */
export class CompiledMapping<N> implements Mapping {
  readonly id: string
  readonly province: string
  readonly dialect: Mapping['dialect']
  readonly message: string
  readonly version: number
  readonly contentType: string
  readonly supplied: Readonly<Record<string, string>>
  readonly #parts: MappingParts<N>

  constructor(parts: MappingParts<N>) {
    this.#parts = parts
    this.id = parts.head.id
    this.province = parts.head.province
    this.dialect = parts.head.dialect
    this.message = parts.head.message
    this.version = parts.head.version
    this.contentType = parts.head.contentType
    this.supplied = parts.supplied
  }

  read(bytes: Uint8Array, supplied?: Readonly<Members>): Reading {
    const parsed = this.#parts.dialect.parse(bytes)
    if (!parsed.ok) return { ok: false, faults: [parsed.fault] }
    const { root } = parsed
    const differs = this.#parts.recognise(root)
    if (differs !== undefined) return { ok: false, faults: [fault('DIALECT_MISMATCH', differs, { zh: `应为 ${this.id}`, en: `${this.id} is expected` })] }
    const run = new Run()
    const canonical = this.#fill(root, run, supplied)
    if (run.failed || !this.#valid(canonical)) return { ok: false, faults: this.#faults(root, supplied), canonical }
    return new GoodReading(this.#finish(canonical), () => this.#tookAll(root, run) ? [] : this.#readLosses(root))
  }

  place(bytes: Uint8Array, canonicalPointer: string): string {
    const { dialect, skeleton, supplied } = this.#parts
    const parsed = dialect.parse(bytes)
    if (!parsed.ok) return parsed.fault.pointer
    const trace = new Trace()
    const document = this.#fill(parsed.root, new Run(trace))
    return sourceOf(skeleton ? inView(canonicalPointer, take(skeleton, bundleOf(skeleton, document)).places) : canonicalPointer, trace, supplied)
  }

  #fill(root: N, run: Run, supplied?: Readonly<Members>): Members {
    const { rules, skeleton, zone } = this.#parts
    const document: Members = {}
    for (const rule of rules) rule.read(root, document, run)
    if (supplied) supplement(document, supplied)
    if (skeleton) complete(skeleton, document, zone)
    return document
  }

  #valid(document: Members): boolean {
    const { validate, validateView, skeleton } = this.#parts
    return skeleton ? validateView!()(document) && validate()(bundleOf(skeleton, document)) : validate()(document)
  }

  #finish(document: Members): Members {
    const { skeleton } = this.#parts
    return skeleton ? bundleOf(skeleton, document) : document
  }

  #faults(root: N, supplied?: Readonly<Members>): [Fault, ...Fault[]] {
    const { validate, validateView, skeleton, schema } = this.#parts
    const trace = new Trace()
    const document = this.#fill(root, new Run(trace), supplied)
    const check = skeleton ? validateView!() : validate()
    const wrong = check(document) ? [] : schemaFaults(check.errors!, schema, trace, this.#parts.supplied)
    const faults = [...trace.faults, ...wrong]
    return [faults[0] ?? fault('FIELD_INVALID', ''), ...faults.slice(1)]
  }

  /** Nothing noted, and as many values taken as there are: no report is needed. */
  #tookAll(root: N, run: Run): boolean {
    const { dialect, takesEachOnce } = this.#parts
    return takesEachOnce && !run.noted && dialect.count !== undefined && dialect.count(root) === run.taken
  }

  #readLosses(root: N): Loss[] {
    const trace = new Trace()
    this.#fill(root, new Run(trace))
    const { dialect, nulls } = this.#parts
    for (const { pointer, value } of dialect.leaves(root)) {
      if (value === undefined || value === null || nulls.has(String(value).trim()) || trace.covers(pointer)) continue
      trace.losses.push(loss('unmapped', pointer))
    }
    return trace.losses
  }

  write(canonical: unknown): Writing {
    const { dialect, head } = this.#parts
    if (!isMembers(canonical)) throw new Failure('FIELD_INVALID', [fault('FIELD_INVALID', '')])
    const run = new Run()
    const root = this.#pour(canonical, run)
    if (run.failed) throw Failure.of(this.#writeFaults(canonical))
    return new Written(dialect.serialise(root), head.contentType, () => this.#writeLosses(canonical))
  }

  #pour(canonical: Members, run: Run): N {
    const { dialect, rules, skeleton } = this.#parts
    const root = dialect.create()
    const source = skeleton ? take(skeleton, canonical).view : canonical
    for (const rule of rules) rule.write(source, root, run)
    return root
  }

  #writeFaults(canonical: Members): [Fault, ...Fault[]] {
    const trace = new Trace()
    this.#pour(canonical, new Run(trace))
    const places = this.#parts.skeleton && take(this.#parts.skeleton, canonical).places
    const faults = trace.faults.map(each => places ? { ...each, pointer: inBundle(each.pointer, places) } : each)
    return [faults[0] ?? fault('FIELD_INVALID', ''), ...faults.slice(1)]
  }

  #writeLosses(canonical: Members): Loss[] {
    const { skeleton, supplied } = this.#parts
    const trace = new Trace()
    this.#pour(canonical, new Run(trace))
    for (const [pointer, reason] of trace.oneWay) {
      if (!trace.covers(pointer)) trace.losses.push(loss('declared-one-way', pointer, reason))
      trace.used.add(pointer)
    }
    if (skeleton) {
      const { places, structure } = take(skeleton, canonical)
      const used = [...trace.used, ...structure].map(pointer => inBundle(pointer, places))
      trace.used.clear()
      trace.use(used)
      trace.losses.splice(0, Infinity, ...trace.losses.map(each => ({ ...each, pointer: inBundle(each.pointer, places) })))
    }
    for (const [path, header] of Object.entries(supplied)) {
      const pointer = `/${path.replaceAll('.', '/')}`
      if (path.split('.').reduce<unknown>((at, name) => isMembers(at) ? at[name] : undefined, canonical) === undefined) continue
      if (!path.includes('.')) trace.losses.push(loss('declared-one-way', pointer, `travels in the header ${header}`))
      trace.used.add(pointer)
    }
    for (const pointer of leavesOf(canonical)) if (!trace.covers(pointer)) trace.losses.push(loss('unmapped', pointer))
    return trace.losses
  }
}

function* leavesOf(value: unknown, pointer = ''): Iterable<string> {
  if (typeof value !== 'object' || value === null) { if (value !== undefined && value !== null) yield pointer }
  else for (const [name, member] of Object.entries(value)) yield* leavesOf(member, `${pointer}/${pointerName(name)}`)
}
