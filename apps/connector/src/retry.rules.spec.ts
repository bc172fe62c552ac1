import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { backoffMs, retryAfterMs } from './retry.rules.js'

describe('retry schedule', () => {
  const limits = { attempts: 5, baseMs: 200, maxMs: 2000 }

  it('doubles the most that a pause may be, up to its limit', () => {
    expect([1, 2, 3, 4, 5, 50].map(failures => backoffMs(limits, failures, 0.999_999))).toEqual([199, 399, 799, 1599, 1999, 1999])
  })

  it('takes any pause from nothing to that', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
      const ms = backoffMs(limits, failures, random)
      expect(ms).toBeGreaterThanOrEqual(0)
      expect(ms).toBeLessThan(Math.min(limits.maxMs, limits.baseMs * 2 ** (failures - 1)))
    }))
    expect(backoffMs(limits, 3, 0)).toBe(0)
  })

  it.each([
    ['2', 2000],
    ['0', 0],
    ['Tue, 03 Nov 2026 08:00:10 GMT', 10_000],
    ['Tue, 03 Nov 2026 07:00:00 GMT', 0],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads Retry-After %p', (header, ms) => expect(retryAfterMs(header, new Date('2026-11-03T08:00:00Z'))).toBe(ms))
})
