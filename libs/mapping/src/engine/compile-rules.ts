import type { Dialect, NativeField } from '../dialects/dialect.js'
import { compileCondition, compileWhere } from '../language/conditions.js'
import type { CodeTable } from '../language/code-table.js'
import type { RuleFile } from '../language/mapping-file.js'
import { failAt, ruleName, type Place } from '../language/source.js'
import { compileOperator } from '../operators/index.js'
import { CanonicalPath } from './canonical-path.js'
import { FieldRule } from './field-rule.js'
import { ListRule, SplitRule } from './list-rule.js'
import { CanonicalConstant, ChooseRule, CountRule, DropRule, NativeConstant, PositionRule } from './other-rules.js'
import type { Rule } from './rule.js'
import type { SchemaView } from './schema-view.js'

export interface CompileContext<N> {
  readonly dialect: Dialect<N>
  readonly tables: ReadonlyMap<string, CodeTable>
  readonly zone: string
  readonly nulls: ReadonlySet<string>
  readonly placeOf: (path: readonly (string | number)[]) => Place
}

/** The pair of scopes that rules are written in. */
interface Scope {
  readonly canonical: string
  readonly native: string
  readonly schema: SchemaView
  /** Native lists around this scope: tells equal paths of different lists apart. */
  readonly trail: string
  /** Who already feeds a canonical path, or fills a native one, unconditionally. */
  readonly claimed: Map<string, Place>
}

const join = (a: string, b: string, separator: string): string => a === '' || a === '.' ? b : b === '.' || b === '' ? a : `${a}${separator}${b}`

/** Turns rules into their compiled form. Every error is a `MappingError` with file, line, rule and what would be right. */
export class RuleCompiler<N> {
  /** Native paths that rules take values from, alternatives of one choice once. */
  readonly #taken: string[] = []
  constructor(readonly context: CompileContext<N>) {}

  /** No native value is taken by two rules, so that counting the taken ones tells whether any was left. */
  get takesEachOnce(): boolean { return new Set(this.#taken).size === this.#taken.length }

  compile(files: readonly RuleFile[], path: readonly (string | number)[], schema: SchemaView): Rule<N>[] {
    return this.#all(files, path, { canonical: '', native: '', schema, trail: '', claimed: new Map() })
  }

  /** The native field that a rule takes values from. */
  #take(path: string, scope: Scope): NativeField<N> {
    this.#taken.push(`${scope.trail}${path}`)
    return this.context.dialect.field(path)
  }

  #all(files: readonly RuleFile[], path: readonly (string | number)[], scope: Scope): Rule<N>[] {
    return files.flatMap((file, i) => {
      const place = this.context.placeOf([...path, i])
      try { return this.#one(file, [...path, i], place, scope) } catch (error) {
        if (error instanceof SyntaxError) failAt(place, error.message)
        throw error
      }
    })
  }

  #one(file: RuleFile, path: readonly (string | number)[], place: Place, scope: Scope): Rule<N>[] {
    if (file.choose) return [this.#choose(file, path, place, scope)]
    if (file.rules && !file.canonical?.endsWith('[]') && !file.native?.endsWith('[]')) {
      if (file.when) failAt(place, 'a condition stands on the single rules, not on the group')
      return this.#all(file.rules, [...path, 'rules'], { ...scope, canonical: join(scope.canonical, file.canonical ?? '', '.'), native: join(scope.native, file.native ?? '', '/') })
    }
    if (file.direction !== undefined && file.reason === undefined) failAt(place, 'a one-way rule says why: add reason')
    if (file.canonical !== undefined && (file.canonical.includes('[]') || file.split !== undefined)) return [this.#list(file, path, place, scope)]
    if (file.drop !== undefined) return [this.#drop(file, scope)]
    if (file.position) return [new PositionRule({ native: this.#take(this.#native(file, place, scope), scope), from: file.position.from ?? 1, digits: file.position.digits ?? 1 })]
    if (file.count !== undefined) return [new CountRule({ native: this.#take(this.#native(file, place, scope), scope), list: this.#canonical(file.count, place, scope) })]
    if (file.constant !== undefined) return [this.#constant(file, place, scope)]
    this.#claim(file, place, scope)
    return [this.#field(file, place, scope)]
  }

  #native(file: RuleFile, place: Place, scope: Scope): string {
    return file.native === undefined ? failAt(place, 'the rule names no native path') : join(scope.native, file.native, '/')
  }

  #canonical(text: string | undefined, place: Place, scope: Scope): CanonicalPath {
    if (text === undefined) failAt(place, 'the rule names no canonical path')
    const path = new CanonicalPath(join(scope.canonical, text, '.'))
    const wrong = scope.schema.wrong(path.names)
    if (wrong !== undefined) failAt(place, wrong)
    return path
  }

  /** Two unconditional rules may not feed one canonical field, nor fill one native field. */
  #claim(file: RuleFile, place: Place, scope: Scope): void {
    if (file.when || file.direction) return
    for (const [side, text] of [['canonical', join(scope.canonical, file.canonical ?? '', '.')], ['native', join(scope.native, file.native ?? '', '/')]] as const) {
      const other = scope.claimed.get(`${side} ${text}`)
      if (other) failAt(place, `two rules for the ${side} field "${text}" (the other: line ${other.line}, ${ruleName(other.path)}); keep one, or give both a condition`)
      scope.claimed.set(`${side} ${text}`, place)
    }
  }

  #field(file: RuleFile, place: Place, scope: Scope): FieldRule<N> {
    const { dialect, nulls } = this.context
    const native = this.#native(file, place, scope)
    const system = typeof file.code === 'object' ? file.code.system?.canonical : undefined
    return new FieldRule({
      canonical: this.#canonical(file.canonical, place, scope), native: this.#take(native, scope),
      codec: compileOperator(file, { tables: this.context.tables, zone: this.context.zone, place }),
      when: compileCondition(file.when, path => join(scope.canonical, path, '.'), place),
      nulls: file.nulls ? new Set(['', ...file.nulls]) : nulls, prefix: file.prefix ?? '', suffix: file.suffix ?? '',
      default: file.default, blank: file.blank, required: file.required ?? false,
      twin: file.twin === undefined ? undefined : this.#take(join(scope.native, file.twin, '/'), scope),
      system: system === undefined ? undefined : this.#canonical(system, place, scope),
      with: Object.entries(file.with ?? {}).map(([path, value]) => [dialect.field(join(scope.native, path, '/')), value] as const),
      oneWay: file.direction && { direction: file.direction, reason: file.reason! },
      asNumber: file.as === 'number',
    })
  }

  #constant(file: RuleFile, place: Place, scope: Scope): Rule<N> {
    const when = compileCondition(file.when, path => join(scope.canonical, path, '.'), place)
    if (file.canonical !== undefined && file.native === undefined) return new CanonicalConstant({ canonical: this.#canonical(file.canonical, place, scope), value: file.constant!, when })
    if (file.native !== undefined && file.canonical === undefined) return new NativeConstant({ native: this.#take(this.#native(file, place, scope), scope), value: file.constant!, when, strict: file.strict ?? false, nulls: this.context.nulls })
    return failAt(place, 'a constant stands on one side: name canonical or native')
  }

  #drop(file: RuleFile, scope: Scope): Rule<N> {
    return new DropRule({
      native: file.native === undefined ? undefined : this.#take(join(scope.native, file.native, '/'), scope),
      canonical: file.canonical === undefined ? undefined : new CanonicalPath(join(scope.canonical, file.canonical, '.')),
      reason: file.drop!, nulls: this.context.nulls,
    })
  }

  #choose(file: RuleFile, path: readonly (string | number)[], place: Place, scope: Scope): Rule<N> {
    const before = this.#taken.length
    const alternatives = file.choose!.flatMap((each, i) => {
      const merged: RuleFile = { ...(file.canonical === undefined ? {} : { canonical: file.canonical }), ...(file.native === undefined ? {} : { native: file.native }), ...each }
      if (merged.constant !== undefined && file.native !== undefined && each.native === undefined) return this.#one({ ...each, canonical: merged.canonical }, [...path, 'choose', i], place, scope)
      return this.#one(merged, [...path, 'choose', i], this.context.placeOf([...path, 'choose', i]), { ...scope, claimed: new Map() })
    })
    this.#taken.push(...new Set(this.#taken.splice(before)))
    return new ChooseRule(alternatives, compileCondition(file.when, each => join(scope.canonical, each, '.'), place))
  }

  #list(file: RuleFile, path: readonly (string | number)[], place: Place, scope: Scope): Rule<N> {
    const { dialect, nulls } = this.context
    const text = file.canonical!
    if (!text.endsWith('[]')) failAt(place, `"${text}" is no list; the canonical path of a list ends in []`)
    const canonical = this.#canonical(text.slice(0, -2), place, scope)
    const element = scope.schema.element(canonical.names)
    const always = scope.schema.requiresEmptyList(canonical.names)
    const maxItems = scope.schema.maxItems(canonical.names)
    const native = this.#native(file, place, scope)
    const when = compileCondition(file.when, each => join(scope.canonical, each, '.'), place)
    const inside = (inner: string, list: string): Scope => ({ canonical: '', native: inner, schema: element, trail: `${scope.trail}${list}[]`, claimed: new Map() })
    if (file.split !== undefined) {
      return new SplitRule({ canonical, native: this.#take(native, scope), separator: file.split, rule: new SplitPart(this.context).rule(file, place), nulls, always, maxItems })
    }
    const [head, ...tail] = native.split('[]')
    if (tail.length !== 1) failAt(place, 'the native path of a list has one [] behind its repeated part')
    const inner = tail[0]!.replace(/^\//, '')
    this.#taken.push(`${scope.trail}${head}[]`, ...(file.where ?? []).map(each => `${scope.trail}${head}[]${each.native}`))
    const where = compileWhere(file.where ?? [], dialect, place)
    const plain = (path_: string): FieldRule<N> => this.#field({ ...file, canonical: '.', native: path_, when: undefined }, place, inside('', head!))
    if (!file.rules) return new ListRule({ canonical, native: dialect.list(head!), when, where, always, maxItems, rules: [], plain: { rule: plain(inner === '' ? '.' : inner), isElement: inner === '' } })
    const rules = this.#all(file.rules, [...path, 'rules'], inside(inner, head!))
    return new ListRule({ canonical, native: dialect.list(head!), when, where, always, maxItems, rules })
  }
}

/** Parts of a split field are plain texts, whatever the dialect. */
class SplitPart {
  constructor(readonly context: Pick<CompileContext<unknown>, 'tables' | 'zone' | 'nulls'>) {}
  rule(file: RuleFile, place: Place): FieldRule<string> {
    return new FieldRule<string>({
      canonical: new CanonicalPath('.'), native: { get: text => text, set: () => undefined, pointer: (_text, at) => at, uses: () => [] },
      codec: compileOperator(file, { tables: this.context.tables, zone: this.context.zone, place }),
      nulls: this.context.nulls, prefix: '', suffix: '', required: false, with: [], asNumber: false,
    })
  }
}
