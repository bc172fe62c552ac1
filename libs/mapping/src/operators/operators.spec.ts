import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Problem } from '../engine/problem.js'
import { readCodeTable } from '../language/code-table.js'
import { codeCodec, unitCodec } from './code.js'
import type { Codec } from './codec.js'
import { dateCodec } from './date.js'
import { documentNumberCodec, residentIdCodec } from './identifier.js'
import { measureCodec, numberCodec, rangeCodec } from './number.js'
import { narrativeCodec, textCodec } from './text.js'

const noted: string[] = []
const notes = { note: (reason: string) => { noted.push(reason) } }
const read = (codec: Codec, text: string): unknown => { noted.length = 0; const value = codec.read(text, notes); return value instanceof Problem ? value.code : value }
const write = (codec: Codec, value: unknown): unknown => { noted.length = 0; const text = codec.write(value, notes); return text instanceof Problem ? text.code : text }

describe('dates', () => {
  const half = dateCodec('date', ['yyyy[MM[dd]]', 'yyyy-MM-dd HH:mm:ss'], '+08:00')
  it.each([['19850412', '1985-04-12'], ['198504', '1985-04'], ['1985', '1985'], ['１９８５０４１２', '1985-04-12'], ['1985-04-12 00:00:00', '1985-04-12'], ['19850431', 'FIELD_INVALID'], ['20230229', 'FIELD_INVALID'], ['20240229', '2024-02-29'], ['unknown', 'FIELD_INVALID']])('%s is %s', (text, expected) => { expect(read(half, text)).toBe(expected) })

  const time = dateCodec('dateTime', ['yyyy-MM-dd HH:mm:ss', 'yyyy[MM[dd]]'], '+08:00')
  it('a time goes home on the clock of the province, and a day stays a day', () => {
    expect(write(time, '2026-03-01T00:30:00Z')).toBe('2026-03-01 08:30:00')
    expect(write(time, '2026-02-28T23:59:59-05:00')).toBe('2026-03-01 12:59:59')
    expect(write(time, '2026-03-01')).toBe('20260301')
    expect(read(time, '2026-03-01 08:30:00')).toBe('2026-03-01T08:30:00+08:00')
  })

  it('what a format cannot hold is noted', () => {
    const day = dateCodec('dateTime', ['yyyyMMdd'], '+08:00')
    expect([write(day, '2026-03-01T08:30:00+08:00'), noted]).toEqual(['20260301', ['precision']])
    expect([write(day, '2026'), noted]).toEqual([undefined, ['precision']])
    expect([read(dateCodec('instant', ['yyyyMMdd'], '+08:00'), '20260301'), noted]).toEqual(['2026-03-01T00:00:00+08:00', ['precision']])
  })

  it('every real day goes through every form and back', () => {
    const forms = ['yyyyMMdd', 'yyyy-MM-dd', 'yyyy年M月d日', 'dd.MM.yyyy'].map(form => dateCodec('date', [form], '+08:00'))
    fc.assert(fc.property(fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), at => {
      const day = at.toISOString().slice(0, 10)
      for (const form of forms) expect(form.read(form.write(day, notes) as string, notes)).toBe(day)
    }))
  })
})

describe('numbers', () => {
  const measure = measureCodec()
  it.each([['5.6', { value: 5.6 }], ['<0.01', { value: 0.01, comparator: '<' }], ['≥1000', { value: 1000, comparator: '>=' }], ['3.4↓', { value: 3.4 }], ['３.４↓', { value: 3.4 }], ['＜0.5', { value: 0.5, comparator: '<' }], ['阴性', 'FIELD_INVALID'], ['1:40', 'FIELD_INVALID'], ['1e5', 'FIELD_INVALID']])('%s', (text, expected) => { expect(read(measure, text)).toEqual(expected) })
  it('trailing zeros are noted, exponents never written', () => {
    expect([read(measure, '5.60'), noted]).toEqual([{ value: 5.6 }, ['precision']])
    expect(write(numberCodec('text'), 0.0000001)).toBe('0.0000001')
    expect(write(numberCodec('text'), 1.25e-8)).toBe('0.0000000125')
    expect(write(numberCodec('text'), 1e21)).toBe('1000000000000000000000')
  })
  it('every measured value goes through text and back', () => {
    fc.assert(fc.property(fc.integer({ min: -10_000_000, max: 10_000_000 }), fc.constantFrom(undefined, '<', '<=', '>', '>='), (thousandths, comparator) => {
      const quantity = { value: thousandths / 1000, ...(comparator && { comparator }) }
      expect(measure.read(measure.write(quantity, notes) as string, notes)).toEqual(quantity)
    }))
  })

  const range = rangeCodec('～')
  it.each([['3.9～6.1', { low: { value: 3.9 }, high: { value: 6.1 } }], ['3.9-6.1', { low: { value: 3.9 }, high: { value: 6.1 } }], ['-2--1', { low: { value: -2 }, high: { value: -1 } }], ['<5.2', { high: { value: 5.2 }, text: '<5.2' }], ['≤5.2', { high: { value: 5.2 } }], ['阴性', { text: '阴性' }]])('range %s', (text, expected) => { expect(read(range, text)).toEqual(expected) })
  it('ranges go home with the province\'s own separator', () => { expect(write(range, read(range, '3.9-6.1'))).toBe('3.9～6.1') })
})

describe('identifiers', () => {
  const id = residentIdCodec('refuse')
  it.each([['11010519491231002X', '11010519491231002X'], ['11010519491231002x', '11010519491231002X'], ["'11010519491231002X", '11010519491231002X'], ['350902490730011', '350902194907300117'], ['110105194912310021', 'CHECK_DIGIT_WRONG'], ['11010519491331002X', 'FIELD_INVALID'], ['123', 'FIELD_INVALID'], ['110105491231996', '110105491231996']])('%s', (text, expected) => { expect(read(id, text)).toBe(expected) })
  it('a record of another system may be wrong; whoever compares judges it', () => { expect(read(residentIdCodec('keep'), '110105194912310021')).toBe('110105194912310021') })
  it('other documents lose their traces alone', () => { expect(read(documentNumberCodec, 'e 0000-0017')).toBe('E00000017') })
})

describe('codes and units', () => {
  const table = readCodeTable('name: t\nversion: 1\nrows:\n  - { native: M, canonical: "1" }\n  - { native: 男, canonical: "1", direction: read }\n', 't.yaml')
  it('several native forms share one canonical code; the first is written', () => {
    const codec = codeCodec([table], 'refuse')
    expect([read(codec, 'M'), read(codec, '男'), read(codec, 'Ｍ'), write(codec, '1')]).toEqual(['1', '1', '1', 'M'])
    expect([read(codec, 'X'), write(codec, '9')]).toEqual(['CODE_UNKNOWN', 'CODE_UNKNOWN'])
  })
  it('an unknown code is kept with its own system, or replaced; both are noted', () => {
    const kept = codeCodec([table], 'keep', { mapped: 'urn:std', kept: 'urn:own' })
    expect([read(kept, 'Q'), kept.systemOf!('Q'), kept.systemOf!('M'), noted]).toEqual(['Q', 'urn:own', 'urn:std', ['code-unmapped']])
    expect(kept.write('Q', notes, 'urn:own')).toBe('Q')
    expect([write(codeCodec([table], { native: '' }), '9'), noted]).toEqual(['', ['code-unmapped']])
  })
  it('a unit has its UCUM code or stays text', () => {
    const units = unitCodec(readCodeTable('name: u\nversion: 1\nrows:\n  - { native: 10^9/L, canonical: "10*9/L" }\n  - { native: μmol/L, canonical: umol/L }\n', 'u.yaml'))
    expect(read(units, 'µmol/L')).toEqual({ unit: 'umol/L', system: 'http://unitsofmeasure.org', code: 'umol/L' })
    expect(write(units, { unit: 'x', system: 'http://unitsofmeasure.org', code: '10*9/L' })).toBe('10^9/L')
    expect([read(units, '片'), noted]).toEqual([{ unit: '片' }, ['code-unmapped']])
  })
})

describe('text', () => {
  it('shapes', () => { expect(read(textCodec({ width: true, excel: true }), "'１３８00000101.0")).toBe('13800000101') })
  it('every text goes through a narrative and back', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).filter(text => !/\r/.test(text)), text => { expect(narrativeCodec.write(narrativeCodec.read(text, notes), notes)).toBe(text) }))
  })
})
