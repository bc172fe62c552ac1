import { LineCounter, parseDocument, type Document } from 'yaml'

/** A place in a data file: `zhejiang/mappings/list-request.mapping.yaml:12`. */
export interface Place { readonly file: string; readonly line: number; readonly path: readonly (string | number)[] }

/** A mapping, code table or skeleton that cannot be used; names file, line, rule and what would be right. */
export class MappingError extends Error {
  override readonly name = 'MappingError'
  constructor(readonly file: string, readonly line: number, readonly rule: string, readonly repair: string) {
    super(`${file}:${line}${rule === '' ? '' : ` (${rule})`}: ${repair}`)
  }
}

export function failAt(place: Place, repair: string): never {
  throw new MappingError(place.file, place.line, place.path.length === 0 ? '' : ruleName(place.path), repair)
}

/** `rules[3].code` */
export const ruleName = (path: readonly (string | number)[]): string => path.map(part => typeof part === 'number' ? `[${part}]` : `.${part}`).join('').replace(/^\./, '')

export interface Source {
  readonly value: unknown
  /** Line of a node, or of its nearest ancestor that is there. */
  readonly lineOf: (path: readonly (string | number)[]) => number
}

/** YAML 1.2 without tags and aliases of doubtful size; the first syntax error is thrown with its line. */
export function readYaml(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  const [error] = document.errors
  if (error) throw new MappingError(file, lines.linePos(error.pos[0]).line, '', `not valid YAML: ${error.message}`)
  return { value: document.toJS({ maxAliasCount: 100 }), lineOf: path => lineOf(document, lines, path) }
}

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined
    if (node?.range) return lines.linePos(node.range[0]).line
  }
  return 1
}
