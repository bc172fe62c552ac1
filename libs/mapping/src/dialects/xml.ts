import { isUtf8 } from 'node:buffer'
import { fault } from '#kernel'
import { SaxesParser } from 'saxes'
import { MAX_DEPTH, type Dialect, type Leaf, type NativeField, type NativeList, type Parsed, type Scalar } from './dialect.js'
import { parseXmlPath, type XmlPath, type XmlPredicate, type XmlStep } from './xml-path.js'

const XSI = 'http://www.w3.org/2001/XMLSchema-instance'

/** An element by its local name; prefixes are the sender's own affair, except `xsi:` on attributes. */
export class XmlElement {
  readonly children: XmlElement[] = []
  readonly attributes = new Map<string, string>()
  text = ''
  /** How many children have each name. */
  readonly #counts = new Map<string, number>()
  /** Position among the siblings of the same name, from 1. */
  readonly #position: number = 1

  constructor(readonly name: string, readonly parent?: XmlElement) {
    if (!parent) return
    parent.children.push(this)
    this.#position = (parent.#counts.get(name) ?? 0) + 1
    parent.#counts.set(name, this.#position)
  }

  /** `/ClinicalDocument/recordTarget/patientRole`, with positions where a name repeats. */
  get pointer(): string {
    if (!this.parent) return `/${this.name}`
    return `${this.parent.pointer}/${this.name}${this.parent.#counts.get(this.name)! > 1 ? `[${this.#position}]` : ''}`
  }
}

class Refused extends Error {
  constructor(readonly code: 'XML_DOCTYPE_FORBIDDEN' | 'NESTING_TOO_DEEP' | 'DOCUMENT_MALFORMED' | 'ENCODING_INVALID', readonly pointer: string) { super(code) }
}

const local = (name: string): string => { const colon = name.indexOf(':'); return colon < 0 ? name : name.slice(colon + 1) }

function attributeName(name: string, schemaInstance: string): string {
  const colon = name.indexOf(':')
  if (colon < 0) return name
  const prefix = name.slice(0, colon)
  return prefix === schemaInstance ? `xsi:${name.slice(colon + 1)}` : prefix === 'xml' ? name : name.slice(colon + 1)
}

function build(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: false, position: true })
  let root: XmlElement | undefined
  let at: XmlElement | undefined
  let depth = 0
  let schemaInstance = 'xsi'
  const where = (): string => `line ${parser.line}, column ${parser.column + 1}`
  parser.on('doctype', () => { throw new Refused('XML_DOCTYPE_FORBIDDEN', where()) })
  parser.on('error', error => { throw /entity/i.test(error.message) ? new Refused('XML_DOCTYPE_FORBIDDEN', where()) : new Refused('DOCUMENT_MALFORMED', where()) })
  parser.on('xmldecl', ({ encoding }) => { if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) throw new Refused('ENCODING_INVALID', where()) })
  parser.on('opentag', ({ name, attributes }) => {
    if (++depth > MAX_DEPTH) throw new Refused('NESTING_TOO_DEEP', where())
    const element = new XmlElement(local(name), at)
    for (const [key, value] of Object.entries(attributes as Record<string, string>)) {
      if (key === 'xmlns' || key.startsWith('xmlns:')) { if (value === XSI) schemaInstance = key.slice(6) } else element.attributes.set(attributeName(key, schemaInstance), value)
    }
    root ??= element
    at = element
  })
  parser.on('text', piece => { if (at) at.text += piece })
  parser.on('cdata', piece => { if (at) at.text += piece })
  parser.on('closetag', () => { depth--; at = at?.parent })
  parser.write(text).close()
  if (!root) throw new Refused('DOCUMENT_MALFORMED', where())
  return root
}

function parse(bytes: Uint8Array, rootName: string): Parsed<XmlElement> {
  if (!isUtf8(bytes)) return { ok: false, fault: fault('ENCODING_INVALID', '', { zh: '应为 UTF-8', en: 'UTF-8 is expected' }) }
  let text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  try {
    const root = build(text)
    if (root.name !== rootName) return { ok: false, fault: fault('DIALECT_MISMATCH', `/${root.name}`, { zh: `根元素应为 ${rootName}`, en: `the root element ${rootName} is expected` }) }
    return { ok: true, root }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { ok: false, fault: fault(error.code, error.pointer, error.code === 'NESTING_TOO_DEEP' ? { zh: `不得超过 ${MAX_DEPTH} 层`, en: `at most ${MAX_DEPTH} levels` } : undefined) }
  }
}

function holds(element: XmlElement, { steps, attribute, value }: XmlPredicate): boolean {
  const at = find(element, steps)
  return at !== undefined && (attribute === undefined ? at.text.trim() : at.attributes.get(attribute)) === value
}

function matching(element: XmlElement, step: XmlStep): XmlElement[] {
  const found: XmlElement[] = []
  for (const child of element.children) if (child.name === step.name && step.predicates.every(predicate => holds(child, predicate))) found.push(child)
  return found
}

function find(element: XmlElement, steps: readonly XmlStep[]): XmlElement | undefined {
  let at: XmlElement | undefined = element
  for (const step of steps) {
    if (!at) return undefined
    if (step.position === undefined && step.predicates.length === 0) at = at.children.find(child => child.name === step.name)
    else at = matching(at, step)[(step.position ?? 1) - 1]
  }
  return at
}

/** A new element that fulfils the step's predicates. */
function grow(parent: XmlElement, step: XmlStep): XmlElement {
  const element = new XmlElement(step.name, parent)
  for (const { steps, attribute, value } of step.predicates) {
    const at = make(element, steps)
    if (attribute === undefined) at.text = value
    else at.attributes.set(attribute, value)
  }
  return element
}

function make(element: XmlElement, steps: readonly XmlStep[]): XmlElement {
  let at = element
  for (const step of steps) {
    let found = matching(at, step)[(step.position ?? 1) - 1]
    while (!found) { const made = grow(at, step); found = matching(at, step)[(step.position ?? 1) - 1] ?? (step.position === undefined ? made : undefined) }
    at = found
  }
  return at
}

/** The pointer of a path: through the elements that are there, then as the mapping says it. */
function pointerOf(element: XmlElement, { steps, attribute }: XmlPath): string {
  let at: XmlElement | undefined = element
  let rest = ''
  for (const step of steps) {
    const next: XmlElement | undefined = at && rest === '' ? find(at, [step]) : undefined
    if (next) at = next
    else rest += `/${step.text}`
  }
  return `${at!.pointer}${rest}${attribute === undefined ? '' : `/@${attribute}`}`
}

/** What reading along a path uses up: the value and the predicates that led there. */
function usesOf(element: XmlElement, path: XmlPath): string[] {
  const used: string[] = []
  let at: XmlElement | undefined = element
  for (const step of path.steps) {
    at = find(at, [step])
    if (!at) return used
    used.push(...predicatePointers(at, step))
  }
  used.push(path.attribute === undefined ? `${at.pointer}/text()` : `${at.pointer}/@${path.attribute}`)
  return used
}

const predicatePointers = (element: XmlElement, step: XmlStep): string[] =>
  step.predicates.map(predicate => `${find(element, predicate.steps)!.pointer}/${predicate.attribute === undefined ? 'text()' : `@${predicate.attribute}`}`)

function field(text: string): NativeField<XmlElement> {
  const path = parseXmlPath(text)
  const { steps, attribute } = path
  return {
    get: scope => { const at = find(scope, steps); return at && (attribute === undefined ? at.text : at.attributes.get(attribute)) },
    set: (scope, value) => { const at = make(scope, steps); if (attribute === undefined) at.text = String(value); else at.attributes.set(attribute, String(value)) },
    pointer: scope => pointerOf(scope, path),
    uses: scope => usesOf(scope, path),
  }
}

function list(text: string): NativeList<XmlElement> {
  const { steps, attribute } = parseXmlPath(text)
  const last = steps.at(-1)
  if (!last || attribute !== undefined) throw new SyntaxError(`"${text}" is no list of elements`)
  const parents = steps.slice(0, -1)
  const append = (scope: XmlElement): XmlElement => grow(make(scope, parents), last)
  const items = (scope: XmlElement): XmlElement[] => { const at = find(scope, parents); return at ? matching(at, last) : [] }
  return {
    items, append,
    push: (scope, value: Scalar) => { append(scope).text = String(value) },
    open: () => undefined,
    pointer: (scope, _place, item) => item === undefined ? pointerOf(scope, { steps }) : item.scope.pointer,
    uses: scope => items(scope).flatMap(item => predicatePointers(item, last)),
  }
}

function* leaves(element: XmlElement): Iterable<Leaf> {
  const { pointer } = element
  for (const [name, value] of element.attributes) yield { pointer: `${pointer}/@${name}`, value }
  if (element.text.trim() !== '') yield { pointer: `${pointer}/text()`, value: element.text }
  for (const child of element.children) yield* leaves(child)
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' }
// Characters that XML 1.0 cannot carry at all become U+FFFD.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
const clean = (text: string): string => text.replace(FORBIDDEN, '\ufffd')
const inAttribute = (text: string): string => clean(text).replace(/[&<>"\n\r\t]/g, c => ESCAPES[c]!)
const inText = (text: string): string => clean(text).replace(/[&<>\r]/g, c => ESCAPES[c]!)

function print(element: XmlElement, indent: string): string {
  let text = `${indent}<${element.name}`
  for (const [name, value] of element.attributes) text += ` ${name}="${inAttribute(value)}"`
  if (element.children.length === 0) return element.text === '' ? `${text}/>\n` : `${text}>${inText(element.text)}</${element.name}>\n`
  text += '>'
  if (element.text.trim() !== '') text += inText(element.text.trim())
  text += '\n'
  for (const child of element.children) text += print(child, `${indent}  `)
  return `${text}${indent}</${element.name}>\n`
}

export interface XmlHead { readonly root: string; readonly namespace?: string; readonly namespaces?: Readonly<Record<string, string>>; readonly attributes?: Readonly<Record<string, string>> }

/** XML 1.0, UTF-8, namespaces tolerated, no DOCTYPE, no entities but the five of XML itself. */
export function xmlDialect(head: XmlHead): Dialect<XmlElement> {
  return {
    parse: bytes => parse(bytes, head.root),
    create() {
      const root = new XmlElement(head.root)
      if (head.namespace !== undefined) root.attributes.set('xmlns', head.namespace)
      for (const [prefix, uri] of Object.entries(head.namespaces ?? {})) root.attributes.set(`xmlns:${prefix}`, uri)
      for (const [name, value] of Object.entries(head.attributes ?? {})) root.attributes.set(name, value)
      return root
    },
    serialise: root => Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${print(root, '')}`, 'utf8'),
    field, list,
    *leaves(root) {
      for (const leaf of leaves(root)) if (!Object.keys(head.attributes ?? {}).some(name => leaf.pointer === `/${head.root}/@${name}`)) yield leaf
    },
  }
}
