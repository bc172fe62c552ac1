import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TokenBuckets } from './token-buckets.js'

describe('the rate limit', () => {
  it('never lets more through than the burst and what the time has brought, and never keeps anybody longer than it says', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 300 }), (rate, pauses) => {
      const buckets = new TokenBuckets(rate)
      let nowMs = 0
      let through = 0
      for (const pause of pauses) {
        nowMs += pause
        const seconds = buckets.take('a', nowMs)
        if (seconds === 0) through++
        else { nowMs += seconds * 1000; expect(buckets.take('a', nowMs)).toBe(0); through++ }
        expect(through).toBeLessThanOrEqual(rate * 2 + nowMs / 1000 * rate + 1e-6)
      }
    }))
  })

  it('counts each participant alone', () => {
    const buckets = new TokenBuckets(1)
    expect([1, 2, 3].map(() => buckets.take('a', 0))).toEqual([0, 0, 1])
    expect(buckets.take('b', 0)).toBe(0)
  })
})
