import { describe, expect, it } from '@jest/globals'
import { advance, SIGNALS, STATES, TRANSITIONS, type RecordQueryState, type Signal } from './record-query.state.js'

/** Every state × signal; `.` is forbidden. Columns in the order of SIGNALS. */
const EXPECTED: Readonly<Record<RecordQueryState, string>> = {
  //               discover  permit     deny   deliver     list     retrieve   resolved several   attributes      none      unanswered listed  transf.     delivered unfinished expired failed
  NEW: '             RECEIVED .          .      .           .        .          .        .         .               .         .          .       .           .         .          .       .',
  RECEIVED: '        .        AUTHORISED DENIED .           .        .          .        .         .               .         .          .       .           .         .          .       .',
  AUTHORISED: '      =        .          .      DISCOVERING .        .          RESOLVED AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       .           .         .          =       =',
  DENIED: '          .        .          .      .           .        .          .        .         .               .         .          .       .           .         .          .       .',
  DISCOVERING: '     =        .          .      =           .        .          RESOLVED AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND AUTHORISED =       .           .         .          =       =',
  RESOLVED: '        =        .          .      =           =        .          =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          LISTED  TRANSFORMED .         .          EXPIRED FAILED',
  NOT_FOUND: '       =        .          .      DISCOVERING .        .          RESOLVED AMBIGUOUS NEED_MORE_ATTRS =         =          =       .           .         .          =       =',
  AMBIGUOUS: '       =        .          .      DISCOVERING .        .          RESOLVED =         NEED_MORE_ATTRS NOT_FOUND =          =       .           .         .          =       =',
  NEED_MORE_ATTRS: ' =        .          .      DISCOVERING .        .          RESOLVED AMBIGUOUS =               NOT_FOUND =          =       .           .         .          =       =',
  LISTED: '          =        .          .      =           =        RETRIEVING =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       TRANSFORMED .         .          EXPIRED FAILED',
  RETRIEVING: '      =        .          .      =           =        =          =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       TRANSFORMED .         .          EXPIRED FAILED',
  TRANSFORMED: '     .        .          .      .           .        .          .        .         .               .         .          .       .           DELIVERED PARTIAL    .       .',
  DELIVERED: '       =        .          .      =           =        RETRIEVING =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       TRANSFORMED .         .          EXPIRED FAILED',
  PARTIAL: '         =        .          .      =           =        RETRIEVING =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       TRANSFORMED .         .          EXPIRED FAILED',
  EXPIRED: '         =        .          .      =           =        RETRIEVING =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       TRANSFORMED .         .          =       FAILED',
  FAILED: '          =        .          .      =           =        RETRIEVING =        AMBIGUOUS NEED_MORE_ATTRS NOT_FOUND =          =       TRANSFORMED .         .          EXPIRED =',
}

describe('states of a record query', () => {
  it.each(STATES)('%s: every signal', state => {
    const cells = EXPECTED[state].trim().split(/\s+/)
    expect(cells.length).toBe(SIGNALS.length)
    const expected = Object.fromEntries(SIGNALS.map((s, i) => [s, cells[i] === '.' ? undefined : cells[i] === '=' ? state : cells[i]]))
    expect(Object.fromEntries(SIGNALS.map(s => [s, advance(state, s)]))).toEqual(expected)
  })

  it('says each thing once', () => {
    const cells = TRANSITIONS.flatMap(([signal, from]) => from.map(state => `${state} ${signal}`))
    expect(new Set(cells).size).toBe(cells.length)
  })

  it('lets every exchange end wherever the case has come to meanwhile', () => {
    const resting = STATES.filter(s => !['NEW', 'RECEIVED', 'DENIED', 'TRANSFORMED'].includes(s))
    const endings: Signal[] = ['resolved', 'several', 'need-attributes', 'none', 'unanswered', 'listed', 'expired', 'failed']
    for (const state of resting) for (const ending of endings) expect(advance(state, ending)).toBeDefined()
  })

  it('walks the story', () => {
    expect(advance('NEW', 'discover.request', 'permit', 'discover.deliver', 'resolved', 'list.request', 'listed', 'retrieve.request', 'transformed', 'delivered')).toBe('DELIVERED')
    expect(advance('NEW', 'discover.request', 'deny', 'discover.request')).toBeUndefined()
  })
})
