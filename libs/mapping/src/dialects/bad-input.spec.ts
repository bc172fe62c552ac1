import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { compileMapping, readAny, type Mapping } from '../index.js'

const schemas = [{ name: 'note', version: 1, title: { zh: '', en: '' }, schema: Type.Object({ name: Type.String(), lines: Type.Array(Type.Object({ text: Type.String() })) }, { additionalProperties: false }) }]
const compile = (dialect: string, top: string, name: string, lines: string): Mapping => compileMapping(
  `province: demo\ndialect: ${dialect}\nmessage: note\nversion: 1\n${top}\nrules:\n  - { canonical: name, native: ${name} }\n  - { canonical: 'lines[]', native: ${lines}, rules: [{ canonical: text, native: ${dialect === 'xml' ? "'@t'" : 'T'} }] }\n`,
  { file: 'note.mapping.yaml', codeTables: [], schemas })
const json = compile('json', 'match: [{ native: kind, equals: note }]', 'N', "'L[]'")
const xml = compile('xml', 'xml: { root: note, namespace: urn:x }', "head/name", "'line[]'")
const flat = compile('flat', 'flat: { columns: [N, T] }\nmatch: [{ column: T }]', 'N', "'rows[]'")

const faultsOf = (mapping: Mapping, bytes: Uint8Array | string) => {
  const reading = mapping.read(Buffer.from(bytes))
  return reading.ok ? [] : reading.faults.map(f => [f.code, f.pointer])
}
const deep = (open: string, close: string, n: number, inner = ''): string => open.repeat(n) + inner + close.repeat(n)

describe('JSON', () => {
  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xc3, 0x28]), 'ENCODING_INVALID', ''],
    ['a truncated document', '{"kind":"note",\n"N":"a', 'DOCUMENT_MALFORMED', 'line 2, column 7'],
    ['an array', '[1]', 'DOCUMENT_MALFORMED', ''],
    ['another message', '{"kind":"other"}', 'DIALECT_MISMATCH', '/kind'],
    ['__proto__', '{"kind":"note","a":{"__proto__":{"x":1}}}', 'FIELD_INVALID', '/a/__proto__'],
    ['__proto__ behind an escape', '{"kind":"note","\\u005f_proto__":{"x":1}}', 'FIELD_INVALID', '/__proto__'],
    ['constructor', '{"kind":"note","constructor":1}', 'FIELD_INVALID', '/constructor'],
    ['an object where a value belongs', '{"kind":"note","N":{"a":1},"L":[]}', 'FIELD_INVALID', '/N'],
  ])('%s', (_name, bytes, code, pointer) => { expect(faultsOf(json, bytes)).toEqual([[code, pointer]]) })

  it('nesting, shallow enough to read and too deep', () => {
    expect(faultsOf(json, `{"kind":"note","a":${deep('[', ']', 100)}}`)[0]?.[0]).toBe('NESTING_TOO_DEEP')
    expect(faultsOf(json, `{"kind":"note","a":${deep('{"b":', '}', 200_000, '1')}}`)[0]?.[0]).toBe('NESTING_TOO_DEEP')
    expect(faultsOf(json, `{"kind":"note","N":"x","L":[],"a":${deep('[', ']', 40)}}`)).toEqual([])
  })

  it('a byte-order mark is no fault', () => { expect(faultsOf(json, '\ufeff{"kind":"note","N":"x","L":[]}')).toEqual([]) })
})

describe('XML', () => {
  const good = '<note xmlns="urn:x"><head><name>a</name></head><line t="1"/></note>'
  it.each([
    ['DOCTYPE', `<!DOCTYPE note SYSTEM "file:///etc/passwd">${good}`, 'XML_DOCTYPE_FORBIDDEN', 'line 1'],
    ['entities that multiply', `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><note><head><name>&lol2;</name></head></note>`, 'XML_DOCTYPE_FORBIDDEN', 'line 1'],
    ['an entity out of nowhere', '<note><head><name>&xxe;</name></head></note>', 'XML_DOCTYPE_FORBIDDEN', 'line 1'],
    ['a truncated document', '<note>\n<head><name>a', 'DOCUMENT_MALFORMED', 'line 2'],
    ['nothing', '', 'DOCUMENT_MALFORMED', 'line 1'],
    ['nesting', deep('<a>', '</a>', 100), 'NESTING_TOO_DEEP', 'line 1'],
    ['another root', '<memo/>', 'DIALECT_MISMATCH', '/memo'],
    ['a declared encoding that it is not in', `<?xml version="1.0" encoding="GBK"?>${good}`, 'ENCODING_INVALID', 'line 1'],
    ['bytes that are no UTF-8', Buffer.from([0x3c, 0xff, 0x3e]), 'ENCODING_INVALID', ''],
  ])('%s', (_name, bytes, code, pointer) => {
    const [first] = faultsOf(xml, bytes)
    expect(first?.[0]).toBe(code)
    expect(first?.[1]).toContain(pointer)
  })

  it('prefixes are the sender\'s affair', () => {
    expect(xml.read(Buffer.from('<h:note xmlns:h="urn:x"><h:head><h:name>a</h:name></h:head><h:line t="1"/></h:note>'))).toMatchObject({ ok: true, canonical: { name: 'a', lines: [{ text: '1' }] } })
  })

  it('points into the document, with positions where a name repeats', () => {
    expect(faultsOf(xml, '<note><line t="1"/><line/><head/></note>')).toEqual([['FIELD_MISSING', '/note/head/name'], ['FIELD_MISSING', '/note/line[2]/@t']])
  })

  it('writes what it can read again: markup, quotes, line breaks', () => {
    const canonical = { name: 'a<b>&"c\'', lines: [{ text: 'x\ny\t"z"' }] }
    expect(xml.read(xml.write(canonical).bytes)).toMatchObject({ ok: true, canonical })
  })
})

describe('flat files', () => {
  const written = flat.write({ name: '王𬎆', lines: [{ text: 'a|b' }, { text: '第二行' }] }).bytes
  const damaged = (change: (text: string) => string): Buffer => iconv.encode(change(iconv.decode(written, 'gb18030')), 'gb18030')

  it('writes GB18030 with header, rows and trailer; the separator in text becomes its full-width twin', () => {
    expect(iconv.decode(written, 'gb18030')).toMatch(/^N\|T\r\n王𬎆\|a｜b\r\n王𬎆\|第二行\r\n#TRAILER\|2\|[0-9a-f]{16}\r\n$/)
    expect(flat.read(written)).toMatchObject({ ok: true, canonical: { name: '王𬎆', lines: [{ text: 'a｜b' }, { text: '第二行' }] } })
  })

  it.each([
    ['a byte that is no GB18030', Buffer.concat([written.subarray(0, 6), Buffer.from([0xff, 0xff]), written.subarray(6)]), 'ENCODING_INVALID', ''],
    ['a missing trailer', damaged(text => text.replace(/#TRAILER.*\r\n/, '')), 'ROW_COUNT_WRONG', 'trailer'],
    ['a lost row', damaged(text => text.replace(/王𬎆\|第二行\r\n/, '')), 'ROW_COUNT_WRONG', 'trailer'],
    ['a changed cell', damaged(text => text.replace('第二行', '第三行')), 'ROW_COUNT_WRONG', 'trailer'],
    ['nothing', Buffer.alloc(0), 'DOCUMENT_MALFORMED', 'row 0'],
  ])('%s', (_name, bytes, code, pointer) => { expect(faultsOf(flat, bytes)).toEqual([[code, pointer]]) })

  it('line ends and a byte-order mark may differ', () => {
    expect(faultsOf(flat, damaged(text => text.replaceAll('\r\n', '\n')))).toEqual([])
    expect(faultsOf(flat, damaged(text => `\ufeff${text}`))).toEqual([])
  })

  it('rows that contradict one another about what they share are refused at the row', () => {
    const bytes = flat.write({ name: 'a', lines: [{ text: '1' }, { text: '2' }] }).bytes.toString().split('\r\n')
    bytes[2] = 'b|2'
    const data = Buffer.from(`${bytes[1]}\r\n${bytes[2]}\r\n`)
    bytes[3] = `#TRAILER|2|${createHash('sha256').update(data).digest('hex').slice(0, 16)}`
    expect(faultsOf(flat, bytes.join('\r\n'))).toEqual([['FIELD_INVALID', 'row 2, column N']])
  })
})

describe('whatever comes', () => {
  it('reading never throws, and what fits no mapping is one answer that names them all', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map(text => Buffer.from(text)), fc.string({ unit: 'binary', maxLength: 200 }).map(text => Buffer.from(`<note>${text}</note>`)), fc.string({ maxLength: 200 }).map(text => iconv.encode(`N|T\r\n${text}\r\n#TRAILER|1|0`, 'gb18030')))
    fc.assert(fc.property(any, bytes => {
      for (const mapping of [json, xml, flat]) {
        const reading = mapping.read(bytes)
        expect(reading.ok || reading.faults.length > 0).toBe(true)
        if (reading.ok) expect(Array.isArray(reading.loss)).toBe(true)
      }
    }), { numRuns: 300 })
    const { mapping, reading } = readAny([json], Buffer.from('{}'))
    expect(mapping).toBeUndefined()
    expect(reading).toMatchObject({ ok: false, faults: [{ code: 'DIALECT_MISMATCH', pointer: '/kind' }] })
  })
})
