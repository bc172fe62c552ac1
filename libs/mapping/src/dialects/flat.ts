import { createHash } from 'node:crypto'
import { fault, type Fault } from '#kernel'
import { parse as parseCsv } from 'csv-parse/sync'
import iconv from 'iconv-lite'
import { Problem } from '../engine/problem.js'
import type { Dialect, Leaf, NativeField, NativeList, Parsed, Scalar } from './dialect.js'

interface FlatRow { readonly number: number; readonly cells: ReadonlyMap<string, string> }

/**
 * A set of rows that belong together: the whole file, the rows of one province, one row. What the rows of a set share is read from the
 * first and must be the same in all; what is written to a set is repeated in all of its rows.
 */
export class FlatScope {
  readonly children: FlatScope[] = []
  readonly common = new Map<string, string>()
  constructor(readonly rows: readonly FlatRow[], readonly columns: ReadonlySet<string>, /** Number behind a `#` in column names. */ readonly ordinal?: number) {}
}

const TRAILER = '#TRAILER|'
const contradiction = new Problem('FIELD_INVALID', { zh: '各行取值不一致', en: 'the rows contradict one another' })

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16)

/** GB18030 decoders replace what they cannot read; a replacement that was not sent means that the bytes were wrong. */
function decode(bytes: Buffer): string | undefined {
  const text = iconv.decode(bytes, 'gb18030')
  return text.includes('\ufffd') && !iconv.encode(text, 'gb18030').equals(bytes) ? undefined : text
}

/** The bytes of the data rows, each with CRLF: what the trailer's hash is of. */
function dataBytes(bytes: Buffer): { data: Buffer; trailer?: string } {
  const lines: Buffer[] = []
  let from = 0
  for (let at = bytes.indexOf(10); from < bytes.length; at = bytes.indexOf(10, from)) {
    const end = at < 0 ? bytes.length : at
    lines.push(bytes.subarray(from, bytes[end - 1] === 13 && end > from ? end - 1 : end))
    from = end + 1
  }
  while (lines.length > 0 && lines.at(-1)!.length === 0) lines.pop()
  const last = lines.at(-1)?.toString('latin1')
  if (!last?.startsWith(TRAILER)) return { data: Buffer.alloc(0) }
  const crlf = Buffer.from('\r\n')
  return { data: Buffer.concat(lines.slice(1, -1).flatMap(line => [line, crlf])), trailer: last }
}

function trailerFault(trailer: string | undefined, rows: number, data: Buffer): Fault | undefined {
  if (trailer === undefined) return fault('ROW_COUNT_WRONG', 'trailer', { zh: '没有尾记录，文件可能被截断', en: 'there is no trailer; the file may be truncated' })
  const [, count, hash] = trailer.split('|')
  if (Number(count) !== rows) return fault('ROW_COUNT_WRONG', 'trailer', { zh: `共 ${rows} 行`, en: `${rows} rows came` })
  return hash?.trim().toLowerCase() === digest(data) ? undefined : fault('ROW_COUNT_WRONG', 'trailer', { zh: '摘要不一致', en: 'the hash differs' })
}

function parse(input: Uint8Array): Parsed<FlatScope> {
  let bytes = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  // A BOM, in UTF-8 or in GB18030, is no part of the first column's name.
  if (bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) bytes = bytes.subarray(3)
  else if (bytes.subarray(0, 4).equals(Buffer.from([0x84, 0x31, 0x95, 0x33]))) bytes = bytes.subarray(4)
  const text = decode(bytes)
  if (text === undefined) return { ok: false, fault: fault('ENCODING_INVALID', '', { zh: '应为 GB18030', en: 'GB18030 is expected' }) }
  const { data, trailer } = dataBytes(bytes)
  const lines = (parseCsv(text, { delimiter: '|', quote: null, relax_column_count: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n'] }) as string[][]).filter(line => line[0] !== '#TRAILER')
  const [header, ...records] = lines
  if (!header || header.every(name => name.trim() === '')) return { ok: false, fault: fault('DOCUMENT_MALFORMED', 'row 0', { zh: '没有表头', en: 'there is no header row' }) }
  const names = header.map(name => name.trim())
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) return { ok: false, fault: fault('DOCUMENT_MALFORMED', `row 0, column ${twice}`, { zh: '列名重复', en: 'the column stands twice' }) }
  const wrong = trailerFault(trailer, records.length, data)
  if (wrong) return { ok: false, fault: wrong }
  const uneven = records.findIndex(record => record.length !== names.length)
  if (uneven >= 0) return { ok: false, fault: fault('DOCUMENT_MALFORMED', `row ${uneven + 1}`, { zh: `应有 ${names.length} 列`, en: `${names.length} columns are expected` }) }
  const rows = records.map((record, i) => ({ number: i + 1, cells: new Map(names.map((name, k) => [name, record[k]!])) }))
  return { ok: true, root: new FlatScope(rows, new Set(names)) }
}

const COLUMN = /^[A-Za-z][A-Za-z0-9_]*#?$/

function field(column: string): NativeField<FlatScope> {
  if (!COLUMN.test(column)) throw new SyntaxError(`"${column}" is no column name; right is e.g. SFZH, or ZDBM# in numbered columns`)
  const nameOf = (scope: FlatScope): string => column.endsWith('#') ? `${column.slice(0, -1)}${scope.ordinal ?? ''}` : column
  return {
    get(scope) {
      const name = nameOf(scope)
      const value = scope.rows[0]?.cells.get(name)
      for (let i = 1; i < scope.rows.length; i++) if (scope.rows[i]!.cells.get(name) !== value) return contradiction
      return value
    },
    set: (scope, value: Scalar) => { scope.common.set(nameOf(scope), String(value)) },
    pointer(scope) {
      const name = nameOf(scope)
      const differs = scope.rows.find(row => row.cells.get(name) !== scope.rows[0]!.cells.get(name)) ?? scope.rows[0]
      return `row ${differs?.number ?? 1}, column ${name}`
    },
    uses: scope => scope.rows.map(row => `row ${row.number}, column ${nameOf(scope)}`),
  }
}

/** `rows`, `rows by SFDM`, `columns 1-9` (numbered columns such as SSBM1, SSBM2: `SSBM#` inside). */
function list(path: string): NativeList<FlatScope> {
  const grouped = /^rows(?: by ([A-Za-z][A-Za-z0-9_]*))?$/.exec(path)
  const numbered = /^columns (\d)-(\d)$/.exec(path)
  if (!grouped && !numbered) throw new SyntaxError(`"${path}" is no list of a flat file; right are rows, rows by COLUMN and columns 1-9`)
  const items = (scope: FlatScope): FlatScope[] => {
    if (numbered) return Array.from({ length: Number(numbered[2]) - Number(numbered[1]) + 1 }, (_, i) => new FlatScope(scope.rows, scope.columns, i + Number(numbered[1])))
    const by = grouped![1]
    const groups = new Map<unknown, FlatRow[]>()
    for (const row of scope.rows) {
      const key = by === undefined ? row : row.cells.get(by)?.trim()
      const group = groups.get(key)
      if (group) group.push(row)
      else groups.set(key, [row])
    }
    return [...groups.values()].map(rows => new FlatScope(rows, scope.columns))
  }
  const append = (scope: FlatScope): FlatScope => {
    const ordinal = numbered ? scope.children.filter(child => child.ordinal !== undefined).length + Number(numbered[1]) : undefined
    const child = new FlatScope([], scope.columns, ordinal)
    scope.children.push(child)
    return child
  }
  return {
    items, append,
    push: () => { throw new TypeError('a row is no plain value') },
    open: () => undefined,
    pointer: (scope, _place, item) => `row ${(item?.scope ?? scope).rows[0]?.number ?? 1}`,
    uses: () => [],
  }
}

function* leaves(scope: FlatScope): Iterable<Leaf> {
  for (const row of scope.rows) for (const [name, value] of row.cells) yield { pointer: `row ${row.number}, column ${name}`, value }
}

/** The rows of a scope that was written; numbered columns belong to every row of their scope. */
function emit(scope: FlatScope, inherited: ReadonlyMap<string, string>): Map<string, string>[] {
  const common = new Map([...inherited, ...scope.common])
  for (const child of scope.children) if (child.ordinal !== undefined) for (const [name, value] of child.common) common.set(name, value)
  const rows = scope.children.filter(child => child.ordinal === undefined)
  if (rows.length > 0) return rows.flatMap(child => emit(child, common))
  return common.size > 0 ? [common] : []
}

/** No quoting in this format: the separator in free text becomes its full-width twin, line breaks become blanks. */
const cell = (text: string): string => text.replaceAll('|', '｜').replace(/[\r\n]+/g, ' ')

/** The declared columns; `SSBM#` stands for as many numbered ones as are needed, one at least, numbers together. */
function expand(columns: readonly string[], rows: readonly ReadonlyMap<string, string>[]): string[] {
  const used = new Set(rows.flatMap(row => [...row.keys()]))
  const expanded: string[] = []
  for (let i = 0; i < columns.length; i++) {
    if (!columns[i]!.endsWith('#')) { expanded.push(columns[i]!); continue }
    const block: string[] = []
    while (columns[i]?.endsWith('#')) block.push(columns[i++]!.slice(0, -1))
    i--
    let n = 1
    while (block.some(stem => used.has(`${stem}${n + 1}`))) n++
    for (let k = 1; k <= n; k++) expanded.push(...block.map(stem => `${stem}${k}`))
  }
  return expanded
}

function serialise(root: FlatScope, columns: readonly string[]): Buffer {
  const rows = emit(root, new Map())
  const names = expand(columns, rows)
  const line = (cells: readonly string[]): Buffer => iconv.encode(`${cells.join('|')}\r\n`, 'gb18030')
  const data = Buffer.concat(rows.map(row => line(names.map(name => cell(row.get(name) ?? '')))))
  return Buffer.concat([line(names), data, line(['#TRAILER', String(rows.length), digest(data)])])
}

/** `|`-separated rows with header and trailer (`#TRAILER|rows|hash`), GB18030, CRLF. */
export function flatDialect(head: { readonly columns: readonly string[] }): Dialect<FlatScope> {
  return {
    parse, field, list, leaves,
    create: () => new FlatScope([], new Set(head.columns)),
    serialise: root => serialise(root, head.columns),
    hasColumn: (root, column) => root.columns.has(column),
  }
}
