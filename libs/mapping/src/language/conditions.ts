import type { Dialect, NativeField, Scalar } from '../dialects/dialect.js'
import { CanonicalPath } from '../engine/canonical-path.js'
import type { Condition } from '../engine/rule.js'
import type { ConditionFile, MatchFile } from './mapping-file.js'
import { failAt, type Place } from './source.js'

const as = (place: Place, make: () => CanonicalPath): CanonicalPath => { try { return make() } catch (error) { return failAt(place, (error as Error).message) } }

/** A condition on the canonical document: it holds, or not, in both directions alike. All of a list must hold. */
export function compileCondition(file: ConditionFile | readonly ConditionFile[] | undefined, prefix: (path: string) => string, place: Place): Condition | undefined {
  if (file === undefined) return undefined
  const tests = (Array.isArray(file) ? file as readonly ConditionFile[] : [file as ConditionFile]).map((each): Condition => {
    const path = as(place, () => new CanonicalPath(prefix(each.canonical)))
    const allowed = each.in === undefined ? undefined : new Set<unknown>(each.in)
    return document => {
      const value = path.get(document)
      if (each.present !== undefined && (value !== undefined) !== each.present) return false
      if (each.equals !== undefined && value !== each.equals) return false
      if (each.not !== undefined && value === each.not) return false
      return allowed === undefined || allowed.has(value)
    }
  })
  const [only] = tests
  return tests.length === 1 ? only : document => tests.every(test => test(document))
}

const plain = (value: unknown): string => value === undefined || value === null ? '' : String(value).trim()

/** Whether a native value fits. */
export function compileHolds(file: MatchFile): (value: unknown) => boolean {
  return value => {
    const text = plain(value)
    if (file.present !== undefined && (text !== '') !== file.present) return false
    if (file.equals !== undefined && text !== String(file.equals)) return false
    if (file.not !== undefined && text === String(file.not)) return false
    return file.in === undefined || file.in.some(each => String(each) === text)
  }
}

export interface ElementCondition<N> { readonly field: NativeField<N>; readonly holds: (value: unknown) => boolean; readonly value?: Scalar }

/** Conditions of list elements; `equals` is also written. */
export function compileWhere<N>(files: readonly MatchFile[], dialect: Dialect<N>, place: Place): ElementCondition<N>[] {
  return files.map(file => {
    if (file.native === undefined) return failAt(place, 'a condition of a list element names a native field')
    return { field: dialect.field(file.native), holds: compileHolds(file), ...(file.equals === undefined ? {} : { value: file.equals }) }
  })
}

/** `undefined`: recognised; else the pointer of the first discriminator that differs. */
export type Recognise<N> = (root: N) => string | undefined

/** How a document of the message is recognised: every condition holds. */
export function compileMatch<N>(files: readonly MatchFile[], dialect: Dialect<N>, place: Place): Recognise<N> {
  const tests = files.map(file => compileOne(file, dialect, place))
  return root => {
    for (const test of tests) { const pointer = test(root); if (pointer !== undefined) return pointer }
    return undefined
  }
}

function compileOne<N>(file: MatchFile, dialect: Dialect<N>, place: Place): Recognise<N> {
  if (file.any) {
    const tests = file.any.map(each => compileOne(each, dialect, place))
    return root => {
      const pointers = tests.map(test => test(root))
      return pointers.includes(undefined) ? undefined : pointers[0]
    }
  }
  const column = file.column ?? file.noColumn
  if (column !== undefined) {
    const { hasColumn } = dialect
    if (!hasColumn) return failAt(place, 'only flat files have columns')
    return root => hasColumn(root, column) === (file.column !== undefined) ? undefined : `row 0, column ${column}`
  }
  if (file.native === undefined) return failAt(place, 'a discriminator names a native field or a column')
  const field = dialect.field(file.native)
  const holds = compileHolds(file)
  return root => holds(field.get(root)) ? undefined : field.pointer(root, '')
}
