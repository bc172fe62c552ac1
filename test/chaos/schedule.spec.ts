import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { scheduleOf, TARGETS } from './schedule.js'

describe('schedule of kills', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(scheduleOf(7, 10, 1)).toEqual(scheduleOf(7, 10, 1))
    expect(scheduleOf(7, 10, 1)).not.toEqual(scheduleOf(8, 10, 1))
  })

  it('has as many strikes as asked for, every target among them, the first on a system at rest', () => {
    fc.assert(fc.property(fc.nat(), fc.integer({ min: TARGETS.length, max: 60 }), fc.integer({ min: 0, max: 5 }), (seed, kills, wipes) => {
      const strikes = scheduleOf(seed, kills, wipes)
      expect(strikes).toHaveLength(kills + wipes)
      expect(new Set(strikes.filter(s => !s.wipe).map(s => s.target))).toEqual(new Set(TARGETS))
      expect(strikes.filter(s => s.wipe).map(s => s.target)).toEqual(Array(wipes).fill('kafka'))
      expect(strikes.every(s => s.afterMs >= 1000 && s.afterMs <= 4000)).toBe(true)
      expect(strikes[0]!.recovered).toBe(true)
    }))
  })

  it('removes the broker\'s data while the service that should read them is down', () => {
    fc.assert(fc.property(fc.nat(), seed => {
      const strikes = scheduleOf(seed, 10, 1)
      const wiped = strikes.findIndex(s => s.wipe)
      expect(['connector', 'medical-records']).toContain(strikes[wiped - 1]!.target)
      expect(strikes[wiped]!.recovered).toBe(false)
    }))
  })
})
