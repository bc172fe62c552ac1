import { isUtf8 } from 'node:buffer'
import { fault, type Fault } from '#kernel'
import { FORBIDDEN_NAMES, pointerName, type Members } from '../engine/canonical-path.js'
import { isThere } from '../engine/run.js'
import { MAX_DEPTH, type Dialect, type Leaf, type NativeField, type NativeList, type Parsed } from './dialect.js'

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

const BRACE = 0x7b
const BRACKET = 0x5b
const NAMES = [...FORBIDDEN_NAMES, '\\u'].map(name => Buffer.from(name))

/** Few brackets cannot nest deeply, and a forbidden name is either spelt out or hidden by an escape: most documents need no walk. */
function isSuspicious(bytes: Buffer): boolean {
  let brackets = 0
  for (const bracket of [BRACE, BRACKET]) for (let at = bytes.indexOf(bracket); at >= 0 && brackets < MAX_DEPTH; at = bytes.indexOf(bracket, at + 1)) brackets++
  return brackets >= MAX_DEPTH || NAMES.some(name => bytes.includes(name))
}

/** Walks what `JSON.parse` made, without recursion: refuses depth and names that reach prototypes. */
function shapeFault(root: unknown): Fault | undefined {
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value: root, pointer: '', depth: 0 }]
  for (let at = open.pop(); at; at = open.pop()) {
    if (typeof at.value !== 'object' || at.value === null) continue
    if (at.depth >= MAX_DEPTH) return fault('NESTING_TOO_DEEP', at.pointer, { zh: `不得超过 ${MAX_DEPTH} 层`, en: `at most ${MAX_DEPTH} levels` })
    for (const [name, value] of Object.entries(at.value)) {
      const pointer = `${at.pointer}/${pointerName(name)}`
      if (FORBIDDEN_NAMES.has(name)) return fault('FIELD_INVALID', pointer, { zh: '不允许的字段名', en: 'this member name is not allowed' })
      open.push({ value, pointer, depth: at.depth + 1 })
    }
  }
  return undefined
}

/** `line 3, column 14` of an offset. */
const place = (text: string, offset: number): string => {
  const before = text.slice(0, offset).split('\n')
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`
}

function malformed(text: string, error: unknown): Fault {
  const offset = /position (\d+)/.exec(String(error))?.[1]
  return fault('DOCUMENT_MALFORMED', place(text, offset === undefined ? text.length : Number(offset)))
}

function parse(bytes: Uint8Array): Parsed<unknown> {
  if (!isUtf8(bytes)) return { ok: false, fault: fault('ENCODING_INVALID', '', { zh: '应为 UTF-8', en: 'UTF-8 is expected' }) }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let text = buffer.toString('utf8')
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  let root: unknown
  try { root = JSON.parse(text) } catch (error) { return { ok: false, fault: malformed(text, error) } }
  const wrong = isSuspicious(buffer) ? shapeFault(root) : undefined
  if (wrong) return { ok: false, fault: wrong }
  if (!isMembers(root)) return { ok: false, fault: fault('DOCUMENT_MALFORMED', '', { zh: '应为 JSON 对象', en: 'a JSON object is expected' }) }
  return { ok: true, root }
}

const STEP = /^[^/[\]]+$/

function steps(path: string): string[] {
  if (path === '.') return []
  const names = path.split('/')
  for (const name of names) {
    if (!STEP.test(name)) throw new SyntaxError(`"${path}" is no path into JSON; right is e.g. head/messageId, relative to the rule's scope`)
    if (FORBIDDEN_NAMES.has(name)) throw new SyntaxError(`the name "${name}" is not allowed in a path`)
  }
  return names
}

const below = (root: string, names: readonly string[]): string => names.reduce((pointer, name) => `${pointer}/${pointerName(name)}`, root)

function container(scope: unknown, names: readonly string[]): Members {
  let at = scope as Members
  for (const name of names) at = (at[name] ??= {}) as Members
  return at
}

function look(names: readonly string[]): (scope: unknown) => unknown {
  const [a, b, c] = names
  if (a === undefined) return scope => scope
  if (b === undefined) return scope => isMembers(scope) ? scope[a] : undefined
  if (c === undefined) return scope => { const inner = isMembers(scope) ? scope[a] : undefined; return isMembers(inner) ? inner[b] : undefined }
  return scope => {
    let at = scope
    for (const name of names) { if (!isMembers(at)) return undefined; at = at[name] }
    return at
  }
}

/** `head/messageId`; `.` is the scope itself (an element of a list of plain values). */
function field(path: string): NativeField<unknown> {
  const names = steps(path)
  const last = names.at(-1)
  const parents = names.slice(0, -1)
  return {
    get: look(names),
    set: (scope, value) => { if (last !== undefined) container(scope, parents)[last] = value },
    pointer: (_scope, at) => below(at, names),
    uses: (_scope, at) => [below(at, names)],
  }
}

function list(path: string): NativeList<unknown> {
  const names = steps(path)
  const last = names.at(-1)
  if (last === undefined) throw new SyntaxError('a list needs a name')
  const get = look(names)
  const array = (scope: unknown): unknown[] => (container(scope, names.slice(0, -1))[last] ??= []) as unknown[]
  return {
    items: scope => { const found = get(scope); return Array.isArray(found) ? found : found === undefined || found === null ? [] : [found] },
    append: scope => { const element = {}; array(scope).push(element); return element },
    push: (scope, value) => { array(scope).push(value) },
    open: scope => { array(scope) },
    pointer: (_scope, at, item) => item === undefined ? below(at, names) : `${below(at, names)}/${item.index}`,
    uses: () => [],
  }
}

function* leaves(value: unknown, pointer = ''): Iterable<Leaf> {
  if (typeof value !== 'object' || value === null) yield { pointer, value }
  else for (const [name, member] of Object.entries(value)) yield* leaves(member, `${pointer}/${pointerName(name)}`)
}

function count(value: unknown): number {
  if (typeof value !== 'object') return isThere(value) ? 1 : 0
  let n = 0
  if (Array.isArray(value)) for (const element of value) n += count(element)
  else for (const name in value) n += count((value as Members)[name])
  return n
}

/** JSON objects, strict UTF-8 (a BOM is tolerated). */
export const jsonDialect: Dialect<unknown> = {
  parse, field, list, leaves, count,
  create: () => ({}),
  serialise: root => Buffer.from(JSON.stringify(root), 'utf8'),
}
