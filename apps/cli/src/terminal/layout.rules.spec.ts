import { describe, expect, it } from '@jest/globals'
import { clip, displayWidth, duration, pad, table } from './layout.rules.js'

describe('layout of the terminal', () => {
  it('counts Chinese characters and full-width forms twice, characters outside the basic plane too', () => {
    expect(displayWidth('通衢 ok')).toBe(7)
    expect(displayWidth('３．９')).toBe(6)
    expect(displayWidth('𠮷')).toBe(2)
    expect(pad('省', 4)).toBe('省  ')
  })

  it('cuts by columns, never through a character', () => {
    expect(clip('福建省立医院', 8)).toBe('福建省…')
    expect(displayWidth(clip('福建省立医院', 8))).toBeLessThanOrEqual(8)
    expect(clip('abc', 3)).toBe('abc')
  })

  it('aligns columns by what is seen', () => {
    expect(table(['省', 'n'], [['福建', '1'], ['Zhejiang', '2']])).toEqual(['省        n', '福建      1', 'Zhejiang  2'])
  })

  it('tells durations as a person would', () => {
    expect([4, 1284, 125_000].map(duration)).toEqual(['4 ms', '1.28 s', '2 min 05 s'])
  })
})
