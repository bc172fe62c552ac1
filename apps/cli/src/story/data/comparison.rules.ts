/** FHIR resources as they lie in a document, compared by content: ids, references' targets and the order of entries say nothing. */
export interface Resource { readonly resourceType: string; readonly [element: string]: unknown }
export interface BundleLike { readonly entry?: readonly { readonly fullUrl?: string; readonly resource?: Resource }[] }

/** `pointer`: JSON pointer into the source document. */
export type Difference =
  | { readonly kind: 'lost'; readonly field: string; readonly pointer: string; readonly source: string }
  | { readonly kind: 'changed'; readonly field: string; readonly pointer: string; readonly source: string; readonly delivered: string }

export interface Comparison {
  /** Leaves of the source that arrived with the same value, by kind of resource. */
  readonly kept: Readonly<Record<string, number>>
  readonly differences: readonly Difference[]
}

/** Numbering and packaging of a resource, not content. `text` is the narrative that repeats it. */
const PACKAGING: ReadonlySet<string> = new Set(['id', 'meta', 'text', 'resourceType'])

/** Compares every leaf of the source’s resources with the delivered ones; what the delivered document has beyond them is no difference. */
export function compareDocuments(source: BundleLike, delivered: BundleLike): Comparison {
  const there = byKind(delivered)
  const kept: Record<string, number> = {}
  const differences: Difference[] = []
  for (const [kind, resources] of byKind(source)) {
    const candidates = (there.get(kind) ?? []).map(p => p.resource)
    resources.forEach(({ resource, place }, i) => {
      const match = takeMatch(resource, candidates, resources.length === 1 && candidates.length === 1, i)
      const delivered = match ? leaves(match, '') : []
      const named = new Map(delivered.map(l => [l.path, l.value]))
      const byPlace = new Map(delivered.map(l => [l.placed, l.value]))
      for (const { path, placed, value, pointer } of leaves(resource, place)) {
        const field = `${kind}.${path}`
        const arrived = named.get(path) ?? byPlace.get(placed)
        if (arrived === undefined) differences.push({ kind: 'lost', field, pointer, source: value })
        else if (sameValue(value, arrived)) kept[kind] = (kept[kind] ?? 0) + 1
        else differences.push({ kind: 'changed', field, pointer, source: value, delivered: arrived })
      }
    })
  }
  return { kept, differences }
}

interface Placed { readonly resource: Resource; readonly place: string }

function byKind(bundle: BundleLike): Map<string, Placed[]> {
  const kinds = new Map<string, Placed[]>()
  bundle.entry?.forEach(({ resource }, i) => {
    if (resource) (kinds.get(resource.resourceType) ?? kinds.set(resource.resourceType, []).get(resource.resourceType)!).push({ resource, place: `/entry/${i}/resource` })
  })
  return kinds
}

/** The resource that shares a code or an identifier, whatever became of its system; a lone one of its kind needs no key. */
function takeMatch(resource: Resource, candidates: Resource[], lone: boolean, index: number): Resource | undefined {
  const keys = keysOf(resource)
  let at = candidates.findIndex(c => keysOf(c).some(k => keys.includes(k)))
  if (at < 0 && (lone || !keys.length)) at = Math.min(index, candidates.length - 1)
  return at < 0 ? undefined : candidates.splice(at, 1)[0]
}

function keysOf(resource: Resource): string[] {
  const code = resource.code as { coding?: { code?: string }[]; text?: string } | undefined
  const identifiers = [resource.identifier].flat() as ({ value?: string } | undefined)[]
  return [
    ...(code?.coding ?? []).filter(c => c.code).map(c => `code|${c.code}`), ...(code?.text ? [`text|${code.text}`] : []),
    ...identifiers.filter(i => i?.value).map(i => `id|${i!.value}`),
  ]
}

interface Leaf {
  /** Elements of lists are named by their system or URL where they have one. */
  readonly path: string
  /** Elements of lists by their place alone, for lists whose systems were exchanged. */
  readonly placed: string
  readonly pointer: string
  readonly value: string
}

function leaves(resource: Resource, place: string): Leaf[] {
  const found: Leaf[] = []
  const walk = (v: unknown, path: string, placed: string, pointer: string): void => {
    if (v === null || v === undefined) return
    if (Array.isArray(v)) v.forEach((element, i) => walk(element, `${path}[${nameOf(element, i, v)}]`, `${placed}[${i}]`, `${pointer}/${i}`))
    else if (typeof v === 'object') {
      for (const [name, inner] of Object.entries(v)) if (name !== 'reference' && (path || !PACKAGING.has(name))) walk(inner, path ? `${path}.${name}` : name, placed ? `${placed}.${name}` : name, `${pointer}/${name}`)
    } else found.push({ path, placed, pointer, value: String(v) })
  }
  walk(resource, '', '', place)
  return found
}

function nameOf(element: unknown, index: number, list: readonly unknown[]): string {
  const name = systemOf(element)
  if (name === undefined) return String(index)
  const same = list.slice(0, index).filter(e => systemOf(e) === name).length
  return same ? `${name}#${same}` : name
}
const systemOf = (element: unknown): string | undefined => {
  const { system, url } = (typeof element === 'object' && element !== null ? element : {}) as { system?: string; url?: string }
  return system ?? url
}

/** Equal as text, as a number, or as the same instant in another zone. */
export function sameValue(a: string, b: string): boolean {
  if (a === b) return true
  if (INSTANT.test(a) && INSTANT.test(b)) return Date.parse(a) === Date.parse(b)
  return a.trim() !== '' && b.trim() !== '' && Number(a) === Number(b)
}
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/** One field of one kind of resource. `declared`: so many of `count` the translation itself had named when it wrote the document. */
export interface FieldLoss { readonly field: string; readonly kind: Difference['kind']; readonly count: number; readonly declared: number; readonly example: string }

/** Whether one of the losses speaks of this place, of something around it, or of something in it. */
export const isDeclared = (pointer: string, declared: readonly string[]): boolean =>
  declared.some(d => d === pointer || pointer.startsWith(`${d}/`) || d.startsWith(`${pointer}/`))

/** Differences by field; those that no translation had named come first, then the most frequent. Places in lists are left out of the name; an example shows no more than 60 characters. */
export function lossByField(documents: readonly { readonly differences: readonly Difference[]; readonly declared: readonly string[] }[]): FieldLoss[] {
  const fields = new Map<string, { field: string; kind: Difference['kind']; count: number; declared: number; example: string }>()
  for (const { differences, declared } of documents) {
    for (const d of differences) {
      const field = d.field.replace(/\[\d+\]/g, '[]')
      const key = `${d.kind} ${field}`
      const entry = fields.get(key) ?? fields.set(key, { field, kind: d.kind, count: 0, declared: 0, example: (d.kind === 'lost' ? d.source : `${d.source} → ${d.delivered}`).slice(0, 60) }).get(key)!
      entry.count++
      if (isDeclared(d.pointer, declared)) entry.declared++
    }
  }
  const undeclared = (f: FieldLoss): number => f.count - f.declared
  return [...fields.values()].sort((a, b) => undeclared(b) - undeclared(a) || b.count - a.count || (a.field < b.field ? -1 : 1))
}
