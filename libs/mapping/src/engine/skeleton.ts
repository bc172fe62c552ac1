import { childId } from '#kernel'
import { CanonicalPath, type Members } from './canonical-path.js'

export interface SkeletonPart {
  readonly name: string
  readonly resource: string
  /** Several resources of this part, in order. */
  readonly list: boolean
  readonly required: boolean
  /** Where no reference leads to it, the first resource of its type that is nobody else's. */
  readonly byType: boolean
}
export interface SkeletonSection { readonly name: string; readonly title: string; readonly code: { readonly system: string; readonly code: string }; readonly entries: readonly string[] }
export interface SkeletonLink { readonly part: string; readonly path: CanonicalPath; readonly to: string }

/** The fixed parts of a FHIR document bundle: which resources it holds, how they refer to one another, which sections it has. */
export interface Skeleton {
  readonly name: string
  readonly message: string
  readonly parts: readonly SkeletonPart[]
  readonly sections: readonly SkeletonSection[]
  readonly links: readonly SkeletonLink[]
}

/** A document by the names of its parts: what rules read and write instead of `entry[7].resource`. */
export type DocumentView = Members

type Resource = Members & { resourceType?: unknown; id?: unknown }
interface Entry { fullUrl: string; resource: Resource }

const each = (view: DocumentView, part: string): Members[] => {
  const found = view[part]
  return Array.isArray(found) ? found as Members[] : found === undefined ? [] : [found as Members]
}

/** `2026-06-10` → the start of that day in `zone`; a bundle's timestamp is an instant. */
const instantOf = (date: unknown, zone: string): string | undefined => {
  if (typeof date !== 'string') return undefined
  return date.includes('T') ? date : `${date.length === 4 ? `${date}-01-01` : date.length === 7 ? `${date}-01` : date}T00:00:00${zone}`
}

/**
 * Completes a view that rules have filled: stable ids (derived from the document's number and the part), references, sections, bundle
 * head. The view is then checked, and `bundleOf` makes the bundle of it.
 */
export function complete(skeleton: Skeleton, view: DocumentView, zone: string): void {
  const bundle = (view.bundle ??= {}) as Members
  const number = (bundle.identifier as { value?: unknown } | undefined)?.value
  for (const part of skeleton.parts) {
    for (const [i, resource] of each(view, part.name).entries()) {
      resource.resourceType ??= part.resource
      resource.id = childId(String(number), part.name, i)
    }
  }
  const reference = (resource: Members): Members => ({ reference: `urn:uuid:${String(resource.id)}` })
  const toList = new Set(skeleton.parts.filter(part => part.list).map(part => part.name))
  for (const { part, path, to } of skeleton.links) {
    const targets = each(view, to)
    if (targets.length === 0) continue
    for (const from of each(view, part)) {
      if (toList.has(to)) path.set(from, targets.map(reference))
      else path.merge(from, reference(targets[0]!))
    }
  }
  const composition = view.composition as Members | undefined
  if (composition) fillSections(skeleton, view, composition, reference)
  bundle.resourceType = 'Bundle'
  bundle.type = 'document'
  bundle.timestamp ??= instantOf(composition?.date, zone)
}

function fillSections(skeleton: Skeleton, view: DocumentView, composition: Members, reference: (resource: Members) => Members): void {
  const texts = (view.sections ?? {}) as Record<string, Members | undefined>
  const sections = skeleton.sections.flatMap(section => {
    const entry = section.entries.flatMap(part => each(view, part)).map(reference)
    const text = texts[section.name]?.text
    if (entry.length === 0 && text === undefined) return []
    return [{ title: section.title, code: { coding: [section.code] }, ...(text === undefined ? {} : { text }), ...(entry.length === 0 ? {} : { entry }) }]
  })
  if (sections.length > 0) composition.section = sections
}

/** The bundle of a completed view: Composition first, parts in the skeleton's order. */
export function bundleOf(skeleton: Skeleton, view: DocumentView): Members {
  const entry = skeleton.parts.flatMap(part => each(view, part.name)).map(({ resourceType, id, ...more }) => ({ fullUrl: `urn:uuid:${String(id)}`, resource: { resourceType, id, ...more } }))
  const { resourceType, type, identifier, timestamp, ...more } = view.bundle as Members
  return { resourceType, identifier, type, timestamp, ...more, entry }
}

export interface Taken {
  readonly view: DocumentView
  /** View pointer → bundle pointer, by longest prefix. */
  readonly places: ReadonlyMap<string, string>
  /** Bundle pointers that hold structure alone: ids, types, references, titles of known sections. */
  readonly structure: ReadonlySet<string>
}

/** Takes a bundle apart by the skeleton's links; a part that no link reaches may be found by its type. */
export function take(skeleton: Skeleton, bundle: Members): Taken {
  const entries = (bundle.entry ?? []) as Entry[]
  const at = new Map<string, number>()
  for (const [i, { fullUrl, resource }] of entries.entries()) {
    at.set(fullUrl, i)
    if (typeof resource.id === 'string') at.set(`${String(resource.resourceType)}/${resource.id}`, i)
  }
  const found = new Map<string, number[]>()
  const claimed = new Set<number>()
  const claim = (part: string, indexes: number[]): void => { found.set(part, indexes); for (const i of indexes) claimed.add(i) }
  for (const part of skeleton.parts) {
    const fits = (i: number | undefined): i is number => i !== undefined && entries[i]!.resource.resourceType === part.resource && !claimed.has(i)
    const linked = skeleton.links.filter(link => link.to === part.name).flatMap(link => (found.get(link.part) ?? []).flatMap(from => references(link.path.get(entries[from]!.resource)))).map(reference => at.get(reference))
    const indexes = [...new Set(linked.filter(fits))]
    const loose = entries.flatMap((entry, i) => fits(i) ? [i] : [])
    if (part.list) claim(part.name, indexes.length > 0 ? indexes : part.byType ? loose : [])
    else claim(part.name, (indexes.length > 0 ? indexes : part.byType ? loose : []).slice(0, 1))
  }
  return viewOf(skeleton, bundle, entries, found)
}

const references = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).flatMap(each => {
  const reference = (each as { reference?: unknown } | undefined)?.reference
  return typeof reference === 'string' ? [reference] : []
})

function viewOf(skeleton: Skeleton, bundle: Members, entries: readonly Entry[], found: ReadonlyMap<string, readonly number[]>): Taken {
  const { entry: _entry, ...head } = bundle
  const view: DocumentView = { bundle: head }
  const places = new Map([['/bundle', '']])
  const structure = new Set(['/resourceType', '/type', '/id', '/timestamp'])
  for (const part of skeleton.parts) {
    const indexes = found.get(part.name) ?? []
    if (indexes.length > 0) view[part.name] = part.list ? indexes.map(i => entries[i]!.resource) : entries[indexes[0]!]!.resource
    for (const [k, i] of indexes.entries()) {
      places.set(part.list ? `/${part.name}/${k}` : `/${part.name}`, `/entry/${i}/resource`)
      for (const name of ['fullUrl', 'resource/resourceType', 'resource/id', 'resource/subject/reference']) structure.add(`/entry/${i}/${name}`)
    }
  }
  for (const { part, path } of skeleton.links) {
    for (const i of found.get(part) ?? []) {
      const value = path.get(entries[i]!.resource)
      const pointer = path.pointer(entries[i]!.resource, `/entry/${i}/resource`)
      if (Array.isArray(value)) for (const k of value.keys()) structure.add(`${pointer}/${k}/reference`)
      else structure.add(`${pointer}/reference`)
    }
  }
  takeSections(skeleton, view, places, structure)
  return { view, places, structure }
}

function takeSections(skeleton: Skeleton, view: DocumentView, places: Map<string, string>, structure: Set<string>): void {
  const composition = view.composition as { section?: { code?: { coding?: { code?: unknown }[] }; title?: unknown }[] } | undefined
  const sections: Members = {}
  const root = places.get('/composition') ?? ''
  for (const section of skeleton.sections) {
    const i = composition?.section?.findIndex(each => each.code?.coding?.some(coding => coding.code === section.code.code)) ?? -1
    if (i < 0) continue
    sections[section.name] = composition!.section![i]
    places.set(`/sections/${section.name}`, `${root}/section/${i}`)
    for (const name of ['title', 'code', 'entry', 'text/status']) structure.add(`${root}/section/${i}/${name}`)
  }
  view.sections = sections
}

/** A view pointer in terms of the bundle. */
export function inBundle(pointer: string, places: ReadonlyMap<string, string>): string {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
    const place = places.get(at)
    if (place !== undefined) return place + pointer.slice(at.length)
  }
  return pointer
}

/** A bundle pointer in terms of the view. */
export function inView(pointer: string, places: ReadonlyMap<string, string>): string {
  let best: readonly [string, string] | undefined
  for (const [view, bundle] of places) if ((pointer === bundle || pointer.startsWith(`${bundle}/`)) && (!best || bundle.length > best[1].length)) best = [view, bundle]
  return best ? best[0] + pointer.slice(best[1].length) : pointer
}
