/** A JSON object whose members this engine reads and writes by name. */
export type Members = Record<string, unknown>

/** Member names that could reach an object's prototype; no rule may name them, no document may carry them. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

interface Step {
  readonly name: string
  readonly index?: number
  /** `coding[system=urn:x]`: the element whose member (dotted) has this value; made with it when it is written. */
  readonly where?: { readonly names: readonly string[]; readonly value: string }
}

const STEP = /^([A-Za-z_][A-Za-z0-9_]*)(?:\[(?:(\d+)|([A-Za-z_][A-Za-z0-9_.]*)=([^\]]+))\])?$/

/** `/` and `~` escaped (RFC 6901). */
export const pointerName = (name: string): string => name.includes('~') || name.includes('/') ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Splits at dots outside brackets; throws a `SyntaxError` that says what is allowed. */
function parse(path: string): Step[] {
  return path.split(/\.(?![^[]*\])/).map(text => {
    const found = STEP.exec(text)
    if (!found) throw new SyntaxError(`"${text}" is no step of a canonical path; right are name, name[0] and name[member=value]`)
    const [, name, index, whereName, whereValue] = found
    const names = whereName?.split('.')
    for (const each of [name!, ...names ?? []]) if (FORBIDDEN_NAMES.has(each)) throw new SyntaxError(`the name "${each}" is not allowed in a path`)
    return { name: name!, ...(index === undefined ? {} : { index: Number(index) }), ...(names ? { where: { names, value: whereValue! } } : {}) }
  })
}

/**
 * A place in a canonical document, such as `person.idNumber` or `identifier[system=urn:oid:1.2].value`; `.` is the scope itself.
 * Compiled once; the hot path allocates nothing but what it must create.
 */
export class CanonicalPath {
  readonly #steps: readonly Step[]
  /** Without indexes and predicates: what two rules must not share. */
  readonly get: (root: unknown) => unknown
  readonly set: (root: Members, value: unknown) => void

  constructor(readonly text: string) {
    this.#steps = text === '.' ? [] : parse(text)
    const plain = this.#steps.every(step => step.index === undefined && !step.where)
    const [a, b, c] = this.#steps
    if (!a) { this.get = root => root; this.set = () => { throw new TypeError('the scope itself is set by its list') } }
    else if (plain && this.#steps.length === 1) { this.get = root => (root as Members)[a.name]; this.set = (root, value) => { root[a.name] = value } }
    else if (plain && b && this.#steps.length === 2) {
      this.get = root => { const inner = (root as Members)[a.name]; return isMembers(inner) ? inner[b.name] : undefined }
      this.set = (root, value) => { ((root[a.name] ??= {}) as Members)[b.name] = value }
    } else if (plain && b && c && this.#steps.length === 3) {
      this.get = root => { const outer = (root as Members)[a.name]; const inner = isMembers(outer) ? outer[b.name] : undefined; return isMembers(inner) ? inner[c.name] : undefined }
      this.set = (root, value) => { (((root[a.name] ??= {}) as Members)[b.name] ??= {} as Members); ((root[a.name] as Members)[b.name] as Members)[c.name] = value }
    } else { this.get = root => this.#walk(root); this.set = (root, value) => { this.#assign(root, value) } }
  }

  get isScope(): boolean { return this.#steps.length === 0 }
  /** Names alone, as a schema knows them: `identifier.value`. */
  get names(): readonly string[] { return this.#steps.map(step => step.name) }

  /** Sets the members of `part` on the object at this path, keeping what is there. */
  merge(root: Members, part: Members): void {
    const there = this.get(root)
    if (isMembers(there)) Object.assign(there, part)
    else this.set(root, part)
  }

  /** JSON pointer below `place`, with the indexes that hold (or would hold) in this document. */
  pointer(root: unknown, place: string): string {
    let at: unknown = root
    let pointer = place
    for (const step of this.#steps) {
      pointer += `/${pointerName(step.name)}`
      at = isMembers(at) ? at[step.name] : undefined
      const index = this.#index(step, at)
      if (index !== undefined) { pointer += `/${index}`; at = Array.isArray(at) ? at[index] : undefined }
    }
    return pointer
  }

  /** Pointers of the predicate members on the way: `…/identifier/0/system`. */
  predicatePointers(root: unknown, place: string): string[] {
    const pointers: string[] = []
    let at: unknown = root
    let pointer = place
    for (const step of this.#steps) {
      pointer += `/${pointerName(step.name)}`
      at = isMembers(at) ? at[step.name] : undefined
      const index = this.#index(step, at)
      if (index !== undefined) { pointer += `/${index}`; at = Array.isArray(at) ? at[index] : undefined }
      if (step.where) pointers.push([pointer, ...step.where.names.map(name => /^\d+$/.test(name) ? name : pointerName(name))].join('/'))
    }
    return pointers
  }

  #index(step: Step, at: unknown): number | undefined {
    if (step.index !== undefined) return step.index
    if (!step.where) return undefined
    if (!Array.isArray(at)) return 0
    const found = at.findIndex(element => holds(element, step.where!))
    return found < 0 ? at.length : found
  }

  #walk(root: unknown): unknown {
    let at: unknown = root
    for (const step of this.#steps) {
      if (!isMembers(at)) return undefined
      at = at[step.name]
      if (step.index !== undefined) at = Array.isArray(at) ? at[step.index] : undefined
      else if (step.where) at = Array.isArray(at) ? at.find(element => holds(element, step.where!)) : undefined
    }
    return at
  }

  #assign(root: Members, value: unknown): void {
    let at = root
    const last = this.#steps.length - 1
    for (const [i, step] of this.#steps.entries()) {
      const list = step.index !== undefined || step.where !== undefined
      if (!list) {
        if (i === last) at[step.name] = value
        else at = (at[step.name] ??= {}) as Members
        continue
      }
      const elements = (at[step.name] ??= []) as unknown[]
      const index = this.#index(step, elements)!
      if (i === last && !step.where) { elements[index] = value; continue }
      const element = (elements[index] ??= step.where ? made(step.where) : {}) as Members
      if (i === last) Object.assign(element, value)
      at = element
    }
  }
}

function holds(element: unknown, where: NonNullable<Step['where']>): boolean {
  let at = element
  for (const name of where.names) {
    if (typeof at !== 'object' || at === null) return false
    at = (at as Members)[name]
  }
  return at === where.value
}

function made(where: NonNullable<Step['where']>): Members {
  const element: Members = {}
  let at = element
  for (const [i, name] of where.names.entries()) at = (at[name] = i === where.names.length - 1 ? where.value : {}) as Members
  return element
}
