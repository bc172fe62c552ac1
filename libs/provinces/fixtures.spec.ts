import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import iconv from 'iconv-lite'
import { parse } from 'yaml'
import { checkCreditCode, checkOrganizationCode, checkResidentId, residentIdFrom15 } from '#identity'

const here = import.meta.dirname
const provinces = readdirSync(here).filter(name => existsSync(join(here, name, 'profile.yaml')))
const filesBelow = (folder: string): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(f => join(folder, f)).filter(f => statSync(f).isFile())
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const profileOf = (province: string) => parse(readFileSync(join(here, province, 'profile.yaml'), 'utf8')) as {
  dialect: string
  contentType: string
  participants: { id: string; organizationCode: string }[]
}
const charsetOf = (province: string): string => /charset=([\w-]+)/.exec(profileOf(province).contentType)![1]!

interface Holder {
  discover: { answer: string }[]
  list: { answer: string }[]
  retrieve: { documentId?: string; answer: string }[]
  fault: Record<string, string>
}

/** Names the file and the place, never the number. */
describe.each(provinces)('data of %s', province => {
  const folder = join(here, province)
  const registry = join(folder, 'fixtures/registry')
  const holder = parse(readFileSync(join(registry, 'holder.yaml'), 'utf8')) as Holder
  const textOf = (file: string): string => iconv.decode(readFileSync(file), charsetOf(province))
  const fixtures = filesBelow(join(folder, 'fixtures'))

  it('names answer files that exist, each with a default, and leaves none unused', () => {
    const named = [...holder.discover, ...holder.list, ...holder.retrieve].map(e => e.answer).concat(Object.values(holder.fault))
    expect(named.filter(file => !existsSync(join(registry, file)))).toEqual([])
    for (const entries of [holder.discover, holder.list, holder.retrieve]) expect(entries.at(-1)).toHaveProperty('default', true)
    const unused = fixtures.filter(f => f.startsWith(registry) && !f.endsWith('.yaml') && !named.some(n => f.endsWith(n)))
    expect(unused.map(f => basename(f)).filter(f => !f.startsWith('fault-'))).toEqual([])
  })

  it('lists every document with the hash and the size of the bytes that are delivered', () => {
    const lists = holder.list.map(e => textOf(join(registry, e.answer))).join('\n')
    for (const { documentId, answer } of holder.retrieve) {
      if (documentId === undefined) continue
      const bytes = readFileSync(join(registry, answer))
      expect(lists.includes(documentId) ? 'listed' : `${documentId} is not listed`).toBe('listed')
      expect(lists.includes(sha256(bytes)) ? 'agrees' : `the hash of ${answer} is not in any list`).toBe('agrees')
      expect(lists).toMatch(new RegExp(`\\b${bytes.length}\\b`))
    }
  })

  it('has resident IDs with right check characters only', () => {
    const faults = fixtures.flatMap(file => [...textOf(file).matchAll(/(?<![0-9A-Za-z.])[1-9]\d{5}(?:19|20)\d{9}[\dXx](?![0-9A-Za-z])/g)]
      .filter(found => !checkResidentId(found[0]).valid && !checkCreditCode(found[0]).valid).map(found => `${basename(file)} at ${found.index}`))
    expect(faults).toEqual([])
  })

  it('gives participants organisation codes that are right', () => {
    const { participants } = profileOf(province)
    const right = (code: string): boolean => code.length === 18 ? checkCreditCode(code).valid : checkOrganizationCode(code.slice(0, 9)).valid
    expect(participants.filter(p => !right(p.organizationCode)).map(p => p.id)).toEqual([])
  })

  it('has code tables whose native codes are unique and whose file bears their name', () => {
    for (const file of filesBelow(join(folder, 'code-tables'))) {
      const table = parse(readFileSync(file, 'utf8')) as { name: string; version: number; effectiveFrom: string; rows: { native: string; canonical: string; zh: string }[] }
      expect(`${table.name}.yaml`).toBe(basename(file))
      expect(table.effectiveFrom).toMatch(/^\d{4}-\d{2}-\d{2}$/)
      expect(new Set(table.rows.map(row => row.native)).size).toBe(table.rows.length)
      expect(table.rows.every(row => [row.native, row.canonical, row.zh].every(cell => typeof cell === 'string' && cell !== ''))).toBe(true)
    }
  })
})

describe('flat files', () => {
  const files = provinces.filter(p => profileOf(p).dialect === 'flat').flatMap(p => filesBelow(join(here, p, 'fixtures'))).filter(f => f.endsWith('.csv'))

  it.each(files.map(f => [basename(f), f]))('%s: trailer agrees with the rows, every row has the header’s columns', (_, file) => {
    const bytes = readFileSync(file!)
    const lines = iconv.decode(bytes, 'gb18030').split('\r\n')
    const [header, ...rows] = lines.slice(0, -2)
    expect(lines.at(-1)).toBe('')
    const start = bytes.indexOf('\r\n') + 2
    expect(lines.at(-2)).toBe(`#TRAILER|${rows.length}|${sha256(bytes.subarray(start, bytes.lastIndexOf('#TRAILER'))).slice(0, 16)}`)
    expect(rows.filter(row => row.split('|').length !== header!.split('|').length)).toEqual([])
  })

  it('carries a character that only four bytes of GB18030 can write', () => {
    const bytes = readFileSync(join(here, 'jiangxi/fixtures/registry/answers/discover-rare-character.csv'))
    expect(bytes.includes(iconv.encode('𬎆', 'gb18030'))).toBe(true)
    expect(iconv.encode('𬎆', 'gb18030')).toHaveLength(4)
  })
})

describe('old numbers', () => {
  it('has a 15-digit resident ID that converts', () => {
    const text = readFileSync(join(here, 'fujian/fixtures/registry/answers/discover-old-id.xml'), 'utf8')
    const old = /extension="(\d{15})"/.exec(text)?.[1] ?? ''
    expect(checkResidentId(residentIdFrom15(old) ?? '').valid).toBe(true)
  })
})
