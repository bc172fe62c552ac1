import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Mapping } from '#mapping'
import type { Province } from '#provinces'
import { exchangeHeaders } from '../exchanges/headers.rules.js'

/** What a message is to its exchange. */
export type MessageRole = 'request' | 'answer' | 'result'

/** A document that the province's own people wrote, byte for byte. */
export interface Sample {
  readonly file: string
  /** Headers that travel with it, where its body cannot carry everything. */
  readonly headers?: Readonly<Record<string, string>>
  /** `base64` where the document is not UTF-8. */
  readonly encoding: 'utf-8' | 'base64'
  readonly content: string
}

const FOLDERS: Readonly<Record<MessageRole, readonly string[]>> = { request: ['requests'], answer: ['registry'], result: ['results', 'registry'] }

/** The fullest of the province's fixtures that this mapping reads; undefined when there is none. */
export async function sampleOf({ folder }: Pick<Province, 'folder'>, mapping: Mapping, role: MessageRole): Promise<Sample | undefined> {
  for (const name of FOLDERS[role]) {
    for (const { file, bytes } of await fixtures(join(folder, 'fixtures', name))) {
      const headers = await headersBeside(join(folder, 'fixtures', name, file))
      const { part } = exchangeHeaders(lowerCase(headers ?? {}))
      if (!mapping.read(bytes, part).ok) continue
      const encoding = isUtf8(mapping.contentType) ? 'utf-8' : 'base64'
      return { file: `fixtures/${name}/${file}`, ...(headers && { headers }), encoding, content: bytes.toString(encoding === 'base64' ? 'base64' : 'utf8') }
    }
  }
  return undefined
}

/** The text of a sample, for the eye. */
export const sampleText = (sample: Sample, contentType: string): string =>
  sample.encoding === 'utf-8' ? sample.content : new TextDecoder(charsetOf(contentType)).decode(Buffer.from(sample.content, 'base64'))

const charsetOf = (contentType: string): string => /charset=([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8'
const isUtf8 = (contentType: string): boolean => charsetOf(contentType) === 'utf-8'
const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** The largest first: it has the most fields. */
async function fixtures(folder: string): Promise<{ file: string; bytes: Buffer }[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const documents = names.filter(name => /\.(json|xml|csv|txt)$/.test(name)).sort()
  const read = await Promise.all(documents.map(async file => ({ file, bytes: await readFile(join(folder, file)) })))
  return read.sort((a, b) => b.bytes.length - a.bytes.length)
}

async function headersBeside(file: string): Promise<Record<string, string> | undefined> {
  const text = await readFile(file.replace(/\.[^.]+$/, '.headers.yaml'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : parse(text) as Record<string, string>
}
