import { describe, expect, it } from '@jest/globals'
import { changeSwitches, WELL_BEHAVED } from './switches.js'

describe('switches', () => {
  it('change the members named and keep the others', () => {
    const slow = changeSwitches(WELL_BEHAVED, { slowMs: 200 })
    expect(slow).toEqual({ ...WELL_BEHAVED, slowMs: 200 })
    expect(changeSwitches({ ...WELL_BEHAVED, slowMs: 200 }, { down: 'refuse' })).toEqual({ ...WELL_BEHAVED, slowMs: 200, down: 'refuse' })
  })

  it('name every fault of a change, and change nothing', () => {
    expect(changeSwitches(WELL_BEHAVED, { slowMs: -1, down: true, rejectRate: 2, dropRate: 'often', wrongAnswer: 'yes', fault: 1, answerAfterDeadline: 0, duplicateAnswer: {}, forgetsIds: '', speed: 1 })).toEqual({
      faults: ['slowMs: milliseconds, 0 or more', 'down: false, "refuse" or "unavailable"', 'rejectRate: 0 to 1', 'dropRate: 0 to 1', 'wrongAnswer: false, "other-patient" or "malformed"', 'fault: true or false',
        'answerAfterDeadline: true or false', 'duplicateAnswer: false or {gatewayUrl, apiKey}', 'forgetsIds: true or false', expect.stringContaining('speed: no such switch')],
    })
    expect(changeSwitches(WELL_BEHAVED, null)).toEqual({ faults: ['an object is expected'] })
  })
})
