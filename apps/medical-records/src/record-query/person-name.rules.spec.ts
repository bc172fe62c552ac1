import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { NAME_CHARACTERS } from './name-characters.table.js'
import { isEmptyName, personName, sameName } from './person-name.rules.js'

const same = (a: string, b: string) => sameName(personName(a), personName(b))

describe('approved name variants', () => {
  it.each([
    ['exact', '林晓梅', '林晓梅'],
    ['ideographic space', '徐　航', '徐航'],
    ['spaces around and within', ' 洪 亮 ', '洪亮'],
    ['traditional characters', '張偉', '张伟'],
    ['variant character', '王峯', '王峰'],
    ['middle dots of two kinds', '迪丽努尔•艾合买提', '迪丽努尔．艾合买提'],
    ['middle dot missing', '迪丽努尔·艾合买提', '迪丽努尔艾合买提'],
    ['katakana dot', '迪丽努尔・艾合买提', '迪丽努尔·艾合买提'],
    ['rare character as box', '李喆', '李□'],
    ['rare character as question mark, full width', '王𬎆', '王？'],
    ['rare character as geta', '〓玥', '镕玥'],
    ['rare character as private-use code', '王\u{E123}', '王𬎆'],
    ['administrative suffix', '王芳（新农合）', '王芳'],
    ['trailing digit', '王芳2', '王芳'],
    ['full-width Latin', 'ＡＮＮＡ  Lee', 'Anna Lee'],
  ])('%s', (_, a, b) => { expect([same(a, b), same(b, a)]).toEqual([true, true]) })

  it.each([
    ['same sound', '张玮', '张伟'],
    ['similar shape', '林晓梅', '林晓海'],
    ['popular substitute of a surname', '肖红', '萧红'],
    ['missing character', '钟雪梅', '钟蓝雪梅'],
    ['extra character', '张伟', '张伟伟'],
    ['order', '张伟强', '张强伟'],
    ['everyday character masked', '张*', '张伟'],
    ['two characters lost', '□□', '喆玥'],
    ['lost on both sides', '李□', '李□'],
    ['suffix that says something else', '王芳（之女）', '王芳'],
    ['pinyin for a character', '李zhe', '李喆'],
    ['standard characters in their own right', '李喆', '李哲'],
  ])('not approved: %s', (_, a, b) => { expect([same(a, b), same(b, a)]).toEqual([false, false]) })

  it.each(['', '-', '─', '无', 'NA', '无名氏', '未知', '王芳之子', '李梅之女', '陈婷之婴', '王芳之大女', '（乳名）豆豆'])('says nothing of a person: "%s"', name => { expect(isEmptyName(name)).toBe(true) })
  it.each(['林晓梅', '吴名', '徐航'])('says something: %s', name => { expect(isEmptyName(name)).toBe(false) })

  const han = fc.integer({ min: 0x4E00, max: 0x9FA5 }).map(c => String.fromCodePoint(c))
  const name = fc.array(han, { minLength: 2, maxLength: 4 }).map(c => c.join(''))
  it('is reflexive and symmetric, and blind to spaces and dots', () => {
    fc.assert(fc.property(name, name, (a, b) => same(a, a) && same(a, b) === same(b, a) && same(a, [...a].join('　·'))))
  })
  it('never takes a name with another everyday character for the same', () => {
    const everyday = fc.constantFrom(...'伟芳娜敏静秀丽强磊洋艳勇军杰娟涛明超霞平刚桂英梅海波')
    fc.assert(fc.property(name, fc.nat(), everyday, (a, at, c) => {
      const characters = [...a]
      const i = at % characters.length
      fc.pre(personName(characters[i]!).standard[0] !== personName(c).standard[0])
      return !same(a, characters.with(i, c).join(''))
    }))
  })
  it('keeps its table free of loops: a standard form is no written form of another', () => {
    const pairs = [...NAME_CHARACTERS.pairs].reduce<string[][]>((all, c, i) => { if (i % 2) all.at(-1)!.push(c); else all.push([c]); return all }, [])
    const written = new Set(pairs.map(([w]) => w))
    expect(written.size).toBe(pairs.length)
    expect(pairs.filter(([, s]) => s === undefined || written.has(s))).toEqual([])
  })
})
