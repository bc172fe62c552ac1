import { describe, expect, it } from '@jest/globals'
import { EvidenceChain, type EvidenceRow } from '#security'
import { RULES, violations, type Observation } from './checkers.js'
import type { HistoryEvent } from './history.js'

const TARGETS = ['350000', '360000']
const ids = [1, 2, 3, 4].map(n => `0193c0de-0000-7000-8000-00000000000${n}`)
/** Two cases with two messages each. */
const place = (i: number): { caseId: string; seq: number } => ({ caseId: `case ${i % 2}`, seq: Math.floor(i / 2) + 1 })

const chainOf = (name: string, facts: readonly { exchangeId: string; what: string; detail?: Record<string, string> }[]): EvidenceRow[] =>
  new EvidenceChain(name, 0).draw(facts.map(f => ({ ...f, caseId: place(ids.indexOf(f.exchangeId)).caseId, digest: '0'.repeat(64), at: '2026-11-24T08:00:00.000Z' })))

const domain = (order: readonly string[] = ids): EvidenceRow[] => chainOf('medical-records#0', order.map(exchangeId => ({ exchangeId, what: 'access.permitted' })))
const gateway = (ended: readonly string[] = ids, state = 'COMPLETED'): EvidenceRow[] => chainOf('gateway#0.out', ended.map(exchangeId => ({ exchangeId, what: 'ended', detail: { state } })))

const sound: Observation = {
  history: ids.flatMap((exchangeId, i): HistoryEvent[] => [
    { atMs: i, kind: 'sent', key: `key ${i}`, targets: TARGETS, ...place(i) },
    { atMs: i, kind: 'accepted', key: `key ${i}`, exchangeId, replayed: false },
    // the answer was lost and the request repeated
    { atMs: i, kind: 'accepted', key: `key ${i}`, exchangeId, replayed: true },
  ]),
  records: ids.map((id, i) => ({ id, ...place(i), state: 'COMPLETED', partial: false, targets: TARGETS })),
  ledgers: ids.flatMap((exchangeId, i) => TARGETS.map(province => ({ province, deliveryId: `${province} ${i}`, exchangeId, effects: 1, order: i + 1 }))),
  evidence: [...domain(), ...gateway()],
  residue: { 'connector.outbox': 0, 'medical-records.parked': 0 },
}
const record = (change: Partial<Observation['records'][number]>): Observation => ({ ...sound, records: sound.records.map((r, i) => (i === 2 ? { ...r, ...change } : r)) })
const entry = (change: Partial<Observation['ledgers'][number]>): Observation => ({ ...sound, ledgers: sound.ledgers.map((l, i) => (i === 4 ? { ...l, ...change } : l)) })
const evidence = (rows: readonly EvidenceRow[]): Observation => ({ ...sound, evidence: rows })
const history = (...events: HistoryEvent[]): Observation => ({ ...sound, history: [...sound.history, ...events] })

/** What is wrong, the rule that must notice, and what it says. */
const broken: readonly [string, keyof typeof RULES, Observation, RegExp][] = [
  ['an accepted exchange is gone', 'every accepted exchange ends once', { ...sound, records: sound.records.slice(1) }, /does not exist/],
  ['an exchange stays open', 'every accepted exchange ends once', record({ state: 'OPEN' }), /is OPEN/],
  ['an exchange expired', 'every accepted exchange ends once', record({ state: 'EXPIRED' }), /is EXPIRED/],
  ['an exchange ended twice', 'every accepted exchange ends once', evidence([...domain(), ...gateway([...ids, ids[0]!])]), /2 endings/],
  ['an exchange ended without proof', 'every accepted exchange ends once', evidence([...domain(), ...gateway(ids.slice(1))]), /0 endings/],
  ['the proof says another end', 'every accepted exchange ends once', evidence([...domain(), ...gateway(ids, 'FAILED')]), /ended as FAILED/],
  ['a repeat made a second exchange', 'a repeated request makes one exchange', history({ atMs: 9, kind: 'accepted', key: 'key 1', exchangeId: ids[0]!, replayed: false }), /made 2 exchanges/],
  ['two requests made one exchange', 'a repeated request makes one exchange', history({ atMs: 9, kind: 'sent', key: 'key 9', caseId: 'c', seq: 1, targets: [] }, { atMs: 9, kind: 'accepted', key: 'key 9', exchangeId: ids[0]!, replayed: true }), /answers 2 requests/],
  ['a request was never accepted', 'a repeated request makes one exchange', history({ atMs: 9, kind: 'sent', key: 'key 9', caseId: 'c', seq: 1, targets: [] }), /never accepted/],
  ['a request was refused', 'a repeated request makes one exchange', history({ atMs: 9, kind: 'refused', key: 'key 3', status: 409, problem: 'SEQUENCE_TAKEN' }), /refused with 409/],
  ['a province took a delivery in twice', 'nothing takes effect twice', entry({ effects: 2 }), /2 times/],
  ['an exchange was delivered under two ids', 'nothing takes effect twice', { ...sound, ledgers: [...sound.ledgers, { province: '350000', deliveryId: 'another', exchangeId: ids[3], effects: 1, order: 9 }] }, /2 deliveries/],
  ['a delivery belongs to nothing accepted', 'nothing takes effect twice', entry({ exchangeId: undefined }), /no accepted exchange/],
  ['a complete answer lacks a province', 'nothing takes effect twice', { ...sound, ledgers: sound.ledgers.slice(1) }, /never took it in/],
  ['the domain decided twice', 'nothing takes effect twice', evidence([...domain([...ids, ids[3]!]), ...gateway()]), /decided 2 times/],
  ['the domain decided out of order', 'the order of a case is kept', evidence([...domain([ids[2]!, ids[1]!, ids[0]!, ids[3]!]), ...gateway()]), /the domain took message 1 of case case 0 after message 2/],
  ['a province took in out of order', 'the order of a case is kept', entry({ order: 0 }), /province 350000 took message 1 of case case 0 after message 2/],
  ['a message came after its turn', 'the order of a case is kept', evidence([...sound.evidence, ...chainOf('other#0', [{ exchangeId: ids[0]!, what: 'sequence-passed' }])]), /after its turn/],
  ['an evidence row is missing', 'the evidence is whole', evidence(sound.evidence.filter((_, i) => i !== 1)), /has a gap/],
  ['an evidence row was changed', 'the evidence is whole', evidence(sound.evidence.map((e, i) => (i === 1 ? { ...e, digest: '1'.repeat(64) } : e))), /has a hash/],
  ['a chain was written anew', 'the evidence is whole', evidence([...sound.evidence.slice(0, 2), ...domain([ids[1]!, ids[0]!, ids[2]!, ids[3]!]).slice(2), ...gateway()]), /has a link/],
  ['the beginning of a chain is missing', 'the evidence is whole', evidence(sound.evidence.slice(1)), /begins at row 2/],
  ['there is no evidence', 'the evidence is whole', evidence([]), /no evidence/],
  ['outputs of final exchanges stay', 'nothing is left over', { ...sound, residue: { ...sound.residue, 'connector.outbox': 3 } }, /3 left in connector.outbox/],
]

describe('checkers of a history', () => {
  it('find nothing in a sound one', () => { expect(violations(sound)).toEqual({}) })
  it('allow an answer that says it is partial to lack a province', () => {
    const lacking = { ...record({ partial: true }), ledgers: sound.ledgers.filter(l => l.exchangeId !== ids[2] || l.province === '360000') }
    expect(violations(lacking)).toEqual({})
  })
  it.each(broken)('notice that %s', (_what, rule, observation, says) => {
    expect(violations(observation)[rule]!.join('\n')).toMatch(says)
  })
  it('are all broken here at least once', () => { expect(new Set(broken.map(([, rule]) => rule))).toEqual(new Set(Object.keys(RULES))) })
})
