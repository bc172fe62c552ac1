import { FORBIDDEN_NAMES } from '../engine/canonical-path.js'

/** `code/@code='X'`: the value that an element must have at a place below it. */
export interface XmlPredicate { readonly steps: readonly XmlStep[]; readonly attribute?: string; readonly value: string }
export interface XmlStep {
  readonly name: string
  /** Position among the elements of this name, from 1. */
  readonly position?: number
  readonly predicates: readonly XmlPredicate[]
  /** As it stands in the mapping, for pointers to elements that are not there. */
  readonly text: string
}
export interface XmlPath { readonly steps: readonly XmlStep[]; readonly attribute?: string }

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/
const ATTRIBUTE = /^@(?:[A-Za-z]+:)?[A-Za-z_][A-Za-z0-9_.-]*$/

const wrong = (path: string): never => { throw new SyntaxError(`"${path}" is no XML path; right is e.g. component[section/code/@code='30954-2']/section/title or id[@root='2.16']/@extension`) }

/** Splits at slashes outside brackets and quotes. */
function split(path: string): string[] {
  const parts: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i < path.length; i++) {
    if (path[i] === '[') depth++
    else if (path[i] === ']') depth--
    else if (path[i] === '/' && depth === 0) { parts.push(path.slice(from, i)); from = i + 1 }
  }
  parts.push(path.slice(from))
  return parts
}

export function parseXmlPath(path: string): XmlPath {
  if (path === '.') return { steps: [] }
  const parts = split(path)
  const last = parts.at(-1)!
  const attribute = last.startsWith('@') ? ATTRIBUTE.test(last) ? last.slice(1) : wrong(path) : undefined
  const steps = (attribute === undefined ? parts : parts.slice(0, -1)).map(part => parseStep(part, path))
  return attribute === undefined ? { steps } : { steps, attribute }
}

function parseStep(text: string, path: string): XmlStep {
  const [name, ...brackets] = text.split(/(?=\[)/)
  if (!NAME.test(name!) || FORBIDDEN_NAMES.has(name!)) wrong(path)
  let position: number | undefined
  const predicates: XmlPredicate[] = []
  for (const bracket of brackets) {
    if (/^\[\d+\]$/.test(bracket)) { position = Number(bracket.slice(1, -1)); continue }
    const found = /^\[([^=]+)='([^']*)'\]$/.exec(bracket)
    if (!found) wrong(path)
    predicates.push({ ...parseXmlPath(found![1]!), value: found![2]! })
  }
  return { name: name!, ...(position === undefined ? {} : { position }), predicates, text }
}
