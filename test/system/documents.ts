import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import iconv from 'iconv-lite'
import { SaxesParser } from 'saxes'
import { parse } from 'yaml'
import { projectFolder } from '#runtime'

/** Hand-written native documents of the provinces, read without any mapping of ours. */
const PROVINCES = join(projectFolder(), 'libs/provinces')
const profiles = new Map(readdirSync(PROVINCES).filter(slug => existsSync(join(PROVINCES, slug, 'profile.yaml'))).map(slug => [slug, parse(readFileSync(join(PROVINCES, slug, 'profile.yaml'), 'utf8')) as {
  code: string
  contentType: string
  participants: { id: string; role: string }[]
}]))

export const slugs: readonly string[] = [...profiles.keys()]
export const folderOf = (slug: string): string => join(PROVINCES, slug)
/** Its hospital, which asks and holds. */
export const askerOf = (slug: string): string => profiles.get(slug)!.participants.find(p => p.role === 'both')!.id

export interface NativeRequest {
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** What an asker of the province sends: the document, and the headers that travel beside it. */
export function requestOf(slug: string, name: string): NativeRequest {
  const folder = join(PROVINCES, slug, 'fixtures/requests')
  const file = readdirSync(folder).find(f => f.startsWith(`${name}.`) && !f.endsWith('.yaml'))!
  const beside = join(folder, `${name}.headers.yaml`)
  return { contentType: profiles.get(slug)!.contentType, headers: existsSync(beside) ? parse(readFileSync(beside, 'utf8')) as Record<string, string> : {}, body: readFileSync(join(folder, file)) }
}

/** The same request with its text changed; a flat file gets a trailer that fits. */
export function edited(request: NativeRequest, edit: (text: string) => string): NativeRequest {
  return { ...request, body: Buffer.from(edit(request.body.toString())) }
}

/** `results/…`, `registry/documents/…` below the province's fixtures. */
export const fixture = (slug: string, path: string): Buffer => readFileSync(join(PROVINCES, slug, 'fixtures', path))
export const jsonOf = <T>(bytes: Buffer): T => JSON.parse(bytes.toString()) as T

/** Rows of a flat file by their column names, without the trailer. */
export function rowsOf(bytes: Buffer): Record<string, string>[] {
  const [header = '', ...rows] = iconv.decode(bytes, 'gb18030').split('\r\n').filter(line => line && !line.startsWith('#TRAILER'))
  const columns = header.split('|')
  return rows.map(row => Object.fromEntries(row.split('|').map((cell, i) => [columns[i]!, cell])))
}

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

/** An XML document as it compares: blanks between elements, prefixes declared and the order of attributes do not matter. */
export function elementOf(bytes: Buffer): Element {
  interface Open { name: string; attributes: Record<string, string>; children: Open[]; text: string }
  const above: Open[] = [{ name: '', attributes: {}, children: [], text: '' }]
  const parser = new SaxesParser()
  parser.on('opentag', tag => {
    const attributes = Object.fromEntries(Object.entries(tag.attributes).filter(([name]) => !name.startsWith('xmlns:')).sort(([a], [b]) => (a < b ? -1 : 1)))
    const element = { name: tag.name, attributes: attributes as Record<string, string>, children: [], text: '' }
    above.at(-1)!.children.push(element)
    above.push(element)
  })
  parser.on('text', text => { above.at(-1)!.text += text.trim() })
  parser.on('closetag', () => { above.pop() })
  parser.on('error', error => { throw error })
  parser.write(bytes.toString()).close()
  return above[0]!.children[0]!
}

/** Every element of this name below, in the order of the document. */
export const within = (element: Element, name: string): Element[] => element.children.flatMap(child => [...(child.name === name ? [child] : []), ...within(child, name)])
export const first = (element: Element, ...path: readonly string[]): Element | undefined => path.reduce<Element | undefined>((at, name) => at?.children.find(child => child.name === name), element)
