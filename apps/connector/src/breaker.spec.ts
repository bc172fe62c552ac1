import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { admit, CLOSED, settle, type BreakerState, type Health } from './breaker.js'

const LIMITS = { failures: 3, openMs: 1000 }
const call = { probe: false }
const probe = { probe: true }
const open: BreakerState = { kind: 'open', until: 1500 }
const halfOpen = (probing: boolean): BreakerState => ({ kind: 'half-open', probing })
const closed = (failures: number): BreakerState => ({ kind: 'closed', failures })

describe('circuit breaker', () => {
  it.each<[string, BreakerState, ReturnType<typeof admit>]>([
    ['closed lets go', closed(2), { state: closed(2), pass: call }],
    ['open makes wait', open, { state: open, retryAt: 1500 }],
    ['open whose time has come lets a probe go', { kind: 'open', until: 500 }, { state: halfOpen(true), pass: probe }],
    ['half-open with a probe under way makes wait for it', halfOpen(true), { state: halfOpen(true) }],
    ['half-open whose probe told nothing lets another go', halfOpen(false), { state: halfOpen(true), pass: probe }],
  ])('%s', (_, state, expected) => expect(admit(state, 500)).toEqual(expected))

  it.each<[string, BreakerState, { probe: boolean }, Health, BreakerState]>([
    ['counts failures in a row', closed(1), call, 'failed', closed(2)],
    ['opens at the limit', closed(2), call, 'failed', { kind: 'open', until: 1500 }],
    ['forgets failures after a success', closed(2), call, 'well', CLOSED],
    ['learns nothing from a call that told nothing', closed(2), call, 'untold', closed(2)],
    ['stays open whatever an earlier call says', open, call, 'well', open],
    ['does not stay open longer for it', open, call, 'failed', open],
    ['closes when the probe went well', halfOpen(true), probe, 'well', CLOSED],
    ['opens again when the probe failed', halfOpen(true), probe, 'failed', { kind: 'open', until: 1500 }],
    ['frees the place of a probe that told nothing', halfOpen(true), probe, 'untold', halfOpen(false)],
    ['waits for the probe whatever an earlier call says', halfOpen(true), call, 'well', halfOpen(true)],
  ])('%s', (_, state, pass, health, expected) => expect(settle(state, pass, health, 500, LIMITS)).toEqual(expected))

  it('lets nothing through while open and one call at a time while half-open, whatever happens', () => {
    const event = fc.record({ afterMs: fc.nat(800), what: fc.constantFrom('ask', 'well', 'failed', 'untold') })
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), events => {
      let state = CLOSED
      let now = 0
      const out: { probe: boolean }[] = []
      for (const { afterMs, what } of events) {
        now += afterMs
        if (what === 'ask') {
          const before = state
          const { state: after, pass } = admit(state, now)
          state = after
          if (pass) out.push(pass)
          if (before.kind === 'open' && now < before.until) expect(pass).toBeUndefined()
          expect(out.filter(p => p.probe).length).toBeLessThanOrEqual(1)
        } else {
          const pass = out.shift()
          if (pass) state = settle(state, pass, what as Health, now, LIMITS)
        }
        // a breaker never waits for a probe that nobody makes
        if (state.kind === 'half-open' && state.probing) expect(out.some(p => p.probe)).toBe(true)
      }
    }))
  })
})
