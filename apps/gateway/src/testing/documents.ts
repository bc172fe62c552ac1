import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Provinces } from '#provinces'

export interface NativeRequest {
  readonly body: Buffer
  readonly headers: Record<string, string>
}

/** A request as people of that province wrote it, with the headers that lie beside it. */
export function nativeRequest(provinces: Provinces, slug: string, name: string): NativeRequest {
  const province = provinces.bySlug(slug)!
  const extension = { json: 'json', xml: 'xml', flat: 'csv' }[province.profile.dialect]
  const folder = join(province.folder, 'fixtures', 'requests')
  const beside = province.profile.dialect === 'flat' ? parse(readFileSync(join(folder, `${name}.headers.yaml`), 'utf8')) as Record<string, string> : {}
  return { body: readFileSync(join(folder, `${name}.${extension}`)), headers: { 'content-type': province.profile.contentType, ...Object.fromEntries(Object.entries(beside).map(([header, value]) => [header.toLowerCase(), value])) } }
}

/** The same document with one text put in the place of another; it must be there. */
export function changed(body: Buffer, from: string, to: string): Buffer {
  const text = body.toString()
  if (!text.includes(from)) throw new Error('the fixture does not say that')
  return Buffer.from(text.replace(from, to))
}

/** A canonical discovery request, by a person who does not exist. */
export const canonicalDiscovery = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  person: { idType: '01', idNumber: '330329198504120121', name: '林晓梅' },
  requester: { practitioner: { name: '郑文彬', role: 'physician' }, organization: { code: '488250168', name: '宁德市示范医院' } },
  authorization: { purpose: 'TREAT', legalBasis: 'PIPL-13-4' },
  targets: ['330000', '360000'],
  ...over,
})
