import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { formatTraceparent, nextTraceparent, parseTraceparent } from './traceparent.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const STEP = '00f067aa0ba902b7'

describe('traceparent', () => {
  it('keeps the journey of the caller and gives the step a number of its own', () => {
    const next = parseTraceparent(nextTraceparent(`00-${TRACE}-${STEP}-00`))
    expect(next).toMatchObject({ traceId: TRACE, sampled: false })
    expect(next?.parentId).not.toBe(STEP)
  })

  it('begins a new journey where there is none or what came is not valid', () => {
    for (const bad of [undefined, '', 'x', `ff-${TRACE}-${STEP}-01`, `00-${'0'.repeat(32)}-${STEP}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`, `00-${TRACE.toUpperCase()}-${STEP}-01`, `00-${TRACE}-${STEP}-01-more`]) {
      expect(parseTraceparent(bad)).toBeUndefined()
      expect(parseTraceparent(nextTraceparent(bad))?.traceId).not.toBe(TRACE)
    }
  })

  it('reads later versions as far as this one reaches', () => {
    expect(parseTraceparent(`01-${TRACE}-${STEP}-03-more`)).toEqual({ traceId: TRACE, parentId: STEP, sampled: true })
  })

  it('writes what it reads, and never throws on arbitrary text', () => {
    const hex = (n: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${n}}$`)).filter(t => !/^0+$/.test(t))
    fc.assert(fc.property(hex(32), hex(16), fc.boolean(), (traceId, parentId, sampled) => {
      expect(parseTraceparent(formatTraceparent({ traceId, parentId, sampled }))).toEqual({ traceId, parentId, sampled })
    }))
    fc.assert(fc.property(fc.string(), text => { parseTraceparent(text) }))
  })
})
