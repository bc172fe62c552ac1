import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { Type } from '@sinclair/typebox'
import { compileMapping, MappingError, MAPPING_SCHEMA, readCodeTable } from './index.js'

const schemas = [{
  name: 'visit', version: 1, title: { zh: '就诊', en: 'Visit' },
  schema: Type.Object({ person: Type.Object({ name: Type.String({ maxLength: 4 }), sex: Type.Optional(Type.String()) }, { additionalProperties: false }), tags: Type.Array(Type.String(), { maxItems: 50 }) }, { additionalProperties: false }),
}]
const codeTables = [readCodeTable('name: sex\nversion: 1\nrows:\n  - { native: M, canonical: "1", zh: 男 }\n', 'sex.yaml')]
const head = 'province: demo\ndialect: json\nmessage: visit\nversion: 1\n'
const compile = (rules: string, top = head) => compileMapping(`${top}rules:\n${rules}`, { file: 'demo.mapping.yaml', codeTables, schemas })

function errorOf(action: () => unknown): MappingError {
  try { action() } catch (error) { if (error instanceof MappingError) return error; throw error }
  throw new Error('it compiled')
}

describe('a mapping that cannot be used says where and what would be right', () => {
  it.each([
    ['an unknown operator', '  - { canonical: person.name, native: a }\n  - { canonical: person.sex, native: b, jscript: x }\n', 7, /rules\[1\].*knows no "jscript".*code/],
    ['a missing code table', '  - { canonical: person.sex, native: b, code: gender }\n', 6, /no code table "gender"; there are sex/],
    ['two rules for one canonical field', '  - { canonical: person.name, native: a }\n  - { canonical: person.name, native: b }\n', 7, /two rules for the canonical field "person.name".*line 6/],
    ['two rules for one native field', '  - { canonical: person.name, native: a }\n  - { canonical: person.sex, native: a }\n', 7, /two rules for the native field "a"/],
    ['a canonical path that the schema does not have', '  - { canonical: person.age, native: a }\n', 6, /no "person.age"; "age" is none of name, sex/],
    ['a one-way rule without reason', '  - { canonical: person.name, native: a, direction: read }\n', 6, /add reason/],
    ['two operators', '  - { canonical: person.name, native: a, number: true, date: yyyy }\n', 6, /one operator/],
    ['a wrong date format', '  - { canonical: person.name, native: a, date: yyyyQQ }\n', 6, /no date format/],
    ['a name that reaches prototypes', '  - { canonical: person.__proto__, native: a }\n', 6, /__proto__/],
    ['a native name that reaches prototypes', '  - { canonical: person.name, native: a/constructor }\n', 6, /constructor/],
    ['a list without its native []', '  - { canonical: "tags[]", native: a }\n', 6, /one \[\]/],
    ['a rule of two sides with a constant', '  - { canonical: person.name, native: a, constant: x }\n', 6, /one side/],
  ])('%s', (_name, rules, line, text) => {
    const error = errorOf(() => compile(rules))
    expect(error.message).toMatch(text)
    expect([error.file, error.line]).toEqual(['demo.mapping.yaml', line])
  })

  it('an unknown message, an unknown skeleton, text that is no YAML', () => {
    expect(errorOf(() => compile('  - { canonical: a, native: a }\n', head.replace('visit', 'visits'))).message).toMatch(/no canonical schema "visits"; there are visit/)
    expect(errorOf(() => compile('  - { canonical: a, native: a }\n', `${head}skeleton: cda\n`)).message).toMatch(/no skeleton "cda"/)
    expect(errorOf(() => compile('  - { a: [\n')).message).toMatch(/not valid YAML/)
  })

  it('a code table with a duplicate or without quotes', () => {
    expect(errorOf(() => readCodeTable('name: t\nversion: 1\nrows:\n  - { native: a, canonical: b }\n  - { native: a, canonical: c }\n', 't.yaml')).message).toMatch(/t\.yaml:5.*stands twice/)
    expect(errorOf(() => readCodeTable('name: t\nversion: 1\nrows:\n  - { native: 1, canonical: b }\n', 't.yaml')).message).toMatch(/in quotes/)
  })
})

describe('a compiled mapping', () => {
  const mapping = compile('  - { canonical: person.name, native: p/n }\n  - { canonical: person.sex, native: p/s, code: sex, twin: p/sn }\n  - { canonical: "tags[]", native: "t[]" }\n')
  const read = (document: unknown) => mapping.read(Buffer.from(JSON.stringify(document)))

  it('lists every fault of a document at once, each at its place in the sender\'s document, without the values', () => {
    const reading = read({ p: { n: '阿卜杜拉·买买提', s: 'Q', sn: '男' }, t: [{}] })
    expect(reading).toMatchObject({ ok: false })
    if (reading.ok) return
    expect(reading.faults.map(f => [f.code, f.pointer])).toEqual(expect.arrayContaining([['CODE_UNKNOWN', '/p/s'], ['FIELD_INVALID', '/t/0'], ['FIELD_INVALID', '/p/n']]))
    expect(JSON.stringify(reading.faults)).not.toContain('买买提')
  })

  it('names the native field that a missing part would come from', () => {
    const reading = read({ t: [] })
    expect(reading.ok ? [] : reading.faults.map(f => [f.code, f.pointer])).toEqual([['FIELD_MISSING', '/p/n']])
  })

  it('refuses a code that contradicts its name', () => {
    const reading = read({ p: { n: '李', s: 'M', sn: '女' }, t: [] })
    expect(reading.ok ? [] : reading.faults.map(f => [f.code, f.pointer])).toEqual([['FIELD_INVALID', '/p/sn']])
  })

  it('lists what it did not carry, in both directions', () => {
    const reading = read({ p: { n: '李', x: { y: 1 } }, t: ['a'] })
    expect(reading.ok && reading.loss.map(l => [l.pointer, l.reason])).toEqual([['/p/x/y', 'unmapped']])
    const writing = mapping.write({ person: { name: '李' }, tags: ['a'], more: { z: 1 } })
    expect(JSON.parse(writing.bytes.toString())).toEqual({ p: { n: '李' }, t: ['a'] })
    expect(writing.loss.map(l => [l.pointer, l.reason])).toEqual([['/more/z', 'unmapped']])
  })

  it('refuses a list that is too long as a whole, and lists the faults of every element of one that is not', () => {
    const reading = read({ p: { n: '李' }, t: Array.from({ length: 100_000 }, () => 'x') })
    expect(reading.ok ? [] : reading.faults.map(f => [f.code, f.pointer])).toEqual([['FIELD_INVALID', '/t']])
    const wide = compile('  - { canonical: person.name, native: p }\n  - { canonical: "tags[]", native: "t[]", number: true }\n').read(Buffer.from(JSON.stringify({ t: Array.from({ length: 50 }, () => 'x') })))
    expect(wide.ok ? 0 : wide.faults.length).toBe(51)
  })

  it('knows where a canonical value stands', () => {
    expect(mapping.place(Buffer.from('{"p":{"n":"李"},"t":["a","b"]}'), '/tags/1')).toBe('/t/1')
    expect(mapping.place(Buffer.from('{}'), '/person/name')).toBe('/p/n')
  })

  it('takes from headers what the document does not carry; the document wins, prototypes stay clean', () => {
    const reading = mapping.read(Buffer.from('{"p":{"n":"李"}}'), JSON.parse('{"tags":["h"],"person":{"name":"王","sex":"1"},"__proto__":{"polluted":1}}') as Record<string, unknown>)
    expect(reading.ok && reading.canonical).toEqual({ person: { name: '李', sex: '1' }, tags: ['h'] })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('the published JSON Schema of the language', () => {
  it('is the one that the compiler uses', () => {
    expect(JSON.parse(readFileSync(new URL('../mapping.schema.json', import.meta.url), 'utf8'))).toEqual(JSON.parse(JSON.stringify(MAPPING_SCHEMA)))
  })
})
