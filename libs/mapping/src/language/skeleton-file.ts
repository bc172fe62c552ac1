import * as schemas from '#schemas'
import { CanonicalPath } from '../engine/canonical-path.js'
import type { Skeleton } from '../engine/skeleton.js'
import { MappingError, readYaml, ruleName } from './source.js'
import { compileSchema } from './validator.js'

const name = { type: 'string', pattern: '^[a-z][A-Za-z]*$' } as const
const SKELETON_SCHEMA = {
  type: 'object', additionalProperties: false, required: ['skeleton', 'message', 'parts', 'links'],
  properties: {
    skeleton: { type: 'string' }, message: { type: 'string' },
    parts: { type: 'array', minItems: 1, items: { type: 'object', additionalProperties: false, required: ['part', 'resource'], properties: { part: name, resource: { type: 'string' }, list: { type: 'boolean' }, required: { type: 'boolean' }, byType: { type: 'boolean' } } } },
    sections: { type: 'array', items: { type: 'object', additionalProperties: false, required: ['section', 'title', 'code'], properties: { section: name, title: { type: 'string' }, code: { type: 'string' }, system: { type: 'string' }, entries: { type: 'array', items: name } } } },
    links: { type: 'array', items: { type: 'object', additionalProperties: false, required: ['from', 'to'], properties: { from: { type: 'string', pattern: '^[a-z][A-Za-z]*\\..+' }, to: name } } },
  },
} as const

interface SkeletonFile {
  skeleton: string
  message: string
  parts: { part: string; resource: string; list?: boolean; required?: boolean; byType?: boolean }[]
  sections?: { section: string; title: string; code: string; system?: string; entries?: string[] }[]
  links: { from: string; to: string }[]
}

/** Reads `*.skeleton.yaml`: the fixed parts of a document bundle. Throws `MappingError`. */
export function readSkeleton(text: string, file: string): Skeleton {
  const { value, lineOf } = readYaml(text, file)
  const validate = compileSchema(SKELETON_SCHEMA)
  if (!validate(value)) {
    const [error] = validate.errors!
    const path = error!.instancePath.split('/').slice(1).map(part => /^\d+$/.test(part) ? Number(part) : part)
    throw new MappingError(file, lineOf(path), ruleName(path), `${error!.message ?? 'not a skeleton'}${JSON.stringify(error!.params)}`)
  }
  const { skeleton, message, parts, sections, links } = value as SkeletonFile
  const known = new Set(parts.map(part => part.part))
  const check = (part: string, ...path: (string | number)[]): void => {
    if (!known.has(part)) throw new MappingError(file, lineOf(path), ruleName(path), `there is no part "${part}"; there are ${[...known].join(', ')}`)
  }
  for (const [i, part] of parts.entries()) if (!(part.resource in schemas)) throw new MappingError(file, lineOf(['parts', i]), `parts[${i}]`, `there is no canonical schema of "${part.resource}"`)
  for (const [i, link] of links.entries()) { check(link.from.split('.')[0]!, 'links', i); check(link.to, 'links', i) }
  for (const [i, section] of (sections ?? []).entries()) for (const entry of section.entries ?? []) check(entry, 'sections', i)
  return {
    name: skeleton, message,
    parts: parts.map(part => ({ name: part.part, resource: part.resource, list: part.list ?? false, required: part.required ?? false, byType: part.byType ?? false })),
    sections: (sections ?? []).map(section => ({ name: section.section, title: section.title, code: { system: section.system ?? 'http://loinc.org', code: section.code }, entries: section.entries ?? [] })),
    links: links.map(({ from, to }) => ({ part: from.slice(0, from.indexOf('.')), path: new CanonicalPath(from.slice(from.indexOf('.') + 1)), to })),
  }
}

const views = new WeakMap<Skeleton, object>()

/** JSON Schema of the skeleton's view: every part by its own resource's schema. One object per skeleton, so that it is compiled once. */
export function viewSchema(skeleton: Skeleton): object {
  let view = views.get(skeleton)
  if (!view) views.set(skeleton, view = makeView(skeleton))
  return view
}

function makeView(skeleton: Skeleton): object {
  const resource = (type: string): object => (schemas as unknown as Record<string, object>)[type]!
  const { entry: _entry, ...head } = schemas.DocumentBundle.properties
  const properties: Record<string, object> = {
    bundle: { type: 'object', required: ['identifier', 'timestamp'], properties: head },
    sections: { type: 'object' },
  }
  for (const part of skeleton.parts) properties[part.name] = part.list ? { type: 'array', items: resource(part.resource) } : resource(part.resource)
  return { type: 'object', additionalProperties: false, required: ['bundle', ...skeleton.parts.filter(part => part.required).map(part => part.name)], properties }
}
