import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { bar, journeyMs, timelineLines, timelineRows, type Journey } from './timeline.rules.js'

const journey: Journey = {
  id: '0193', exchange: 'medical-records.discover', state: 'COMPLETED', receivedAt: '2026-11-02T03:00:00.000Z', finishedAt: '2026-11-02T03:00:01.000Z',
  steps: [
    { by: 'connector', what: 'delivered', about: '360000', at: '2026-11-02T03:00:00.900Z', ms: 800, versions: { mapping: 'jiangxi/discover-request@1' } },
    { by: 'gateway', what: 'accepted', at: '2026-11-02T03:00:00.005Z', ms: 5 },
    { by: 'medical-records', what: 'asked', at: '2026-11-02T03:00:00.100Z', ms: 95, note: '2 provinces' },
  ],
}
const plain = { by: (t: string) => t, quiet: (t: string) => t, strong: (t: string) => t, warn: (t: string) => `!${t.trim()}` }

describe('timeline of a journey', () => {
  it('orders steps by their end and places them on the journey’s own scale', () => {
    const rows = timelineRows(journey)
    expect(rows.map(r => r.by)).toEqual(['gateway', 'medical-records', 'connector'])
    expect(rows[2]).toMatchObject({ endMs: 900, from: 0.1, to: 0.9, long: true })
    expect(journeyMs(journey)).toBe(1000)
  })

  it('shows who, what, whom, how long, and with which versions', () => {
    const lines = timelineLines(journey, plain)
    expect(lines[2]).toContain('connector')
    expect(lines[2]).toContain('delivered → 360000')
    expect(lines[2]).toContain('!800 ms')
    expect(lines[2]).toContain('mapping jiangxi/discover-request@1')
    expect(lines[1]).toContain('2 provinces')
  })

  it('draws every step within its cells and never invisible', () => {
    fc.assert(fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 80 }), (a, b, cells) => {
      const drawn = bar({ from: Math.min(a, b), to: Math.max(a, b) }, cells)
      expect(drawn).toHaveLength(cells)
      expect(drawn).toMatch(/^·*▇+·*$/)
    }))
  })

  it('holds a journey without steps', () => {
    expect(timelineLines({ ...journey, steps: [] }, plain)).toEqual([])
  })
})
