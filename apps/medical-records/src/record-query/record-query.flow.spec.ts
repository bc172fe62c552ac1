import { describe, expect, it } from '@jest/globals'
import type { AccessNoticeBody, DeliverBody } from '#messaging'
import type { DiscoverResult, ListResult } from '#schemas'
import { sha256Hex } from '#security'
import { documentOf, LIN, listed, match, OTHER_NUMBER, patientOf, several, treatment } from './testing/people.js'
import { JIANGXI, Play, PULLING, resolvedPlay, ZHEJIANG } from './testing/play.js'

const lin = (index: string) => patientOf(LIN, index)

describe('discovery', () => {
  it('asks each province by its own topic, with a deadline, and without telling it who else is asked', () => {
    const play = new Play()
    const id = play.discover({}, { targets: [ZHEJIANG, PULLING] })
    expect(play.deliveries(id).map(e => [e.topic, (e.body as DeliverBody<{ targets: string[] }>).document.targets, e.deadline]))
      .toEqual([['tongqu.deliver.330000', [ZHEJIANG], '2026-11-24T08:00:08.000Z'], ['tongqu.pull', [PULLING], '2026-11-24T08:00:08.000Z']])
    expect(play.state()).toBe('DISCOVERING')
    expect(play.cases.get('case-1')!.dueAt).toEqual(new Date('2026-11-24T08:00:08Z'))
  })

  it('ends complete when all have answered, tells the certain matches and the person who looked', () => {
    const play = new Play()
    const id = play.discover()
    play.answer('discover', id, JIANGXI, match(lin('JX-1')))
    expect(play.results(id)).toEqual([])
    play.answer('discover', id, ZHEJIANG, match(lin('ZJ-1')))
    const { state, partial, schema, result } = play.result<DiscoverResult>(id)
    expect({ state, partial, schema, complete: result.complete, missing: result.missing }).toEqual({ state: 'COMPLETED', partial: false, schema: 'discover-result', complete: true, missing: [] })
    expect(result.provinces).toEqual([ZHEJIANG, JIANGXI].map((province, i) => ({ province, answer: 'match', certainty: 'certain', rule: 'R1', patient: lin(['ZJ-1', 'JX-1'][i]!) })))
    expect(play.state()).toBe('RESOLVED')
    expect(play.data().resolved).toEqual({ [ZHEJIANG]: { patientIdentifier: 'ZJ-1', rule: 'R1' }, [JIANGXI]: { patientIdentifier: 'JX-1', rule: 'R1' } })
    expect(play.data()).toMatchObject({ open: {}, askers: {} })
    expect(play.cases.get('case-1')!.dueAt).toBeNull()
    const notice = play.notices()[0]!.body as AccessNoticeBody
    expect(notice).toMatchObject({ personKey: play.sealer.keyedHash('person', `01:${LIN.idNumber}`), purpose: 'TREAT', provinces: [ZHEJIANG, JIANGXI], organization: { code: '488250168' } })
    expect(play.facts.at(-1)).toMatchObject({ what: 'disclosed', digest: sha256Hex(JSON.stringify(result)), detail: { answers: '330000:match:certain:R1 360000:match:certain:R1' } })
    expect(play.documents.map(d => (d.body as { subtype: { code: string }[] }).subtype.map(s => s.code))).toEqual([['ITI-55'], ['ITI-55', 'disclose']])
  })

  it('names who is slow and who is down', () => {
    const play = new Play()
    const id = play.discover({}, { targets: [ZHEJIANG, JIANGXI, PULLING] })
    play.answer('discover', id, ZHEJIANG, match(lin('ZJ-1')))
    play.silent('discover', id, JIANGXI, 'unavailable')
    play.wait(7999)
    expect(play.results(id)).toEqual([])
    play.wait(1)
    const { partial, result } = play.result<DiscoverResult>(id)
    expect(partial).toBe(true)
    expect(result.complete).toBe(false)
    expect(result.provinces.map(p => p.province)).toEqual([ZHEJIANG])
    expect(result.missing.map(m => [m.province, m.reason])).toEqual([[JIANGXI, 'UNAVAILABLE'], [PULLING, 'TIMEOUT']])
    expect(play.state()).toBe('RESOLVED')
    const trail = play.emissions.find(e => e.type.endsWith('.result'))!.trail!
    expect(trail.map(s => s.what)).toEqual(['accepted', 'medical-records.discover.request', 'medical-records.due'])
  })

  it('logs a late answer and merges nothing, before and after the deadline has fired', () => {
    for (const fired of [false, true]) {
      const play = new Play()
      const id = play.discover()
      play.answer('discover', id, JIANGXI, { answer: 'none', candidates: [] })
      if (fired) play.wait(8001)
      else play.clock.advance(8001)
      const before = play.cases.get('case-1')
      const late = play.answer('discover', id, ZHEJIANG, match(lin('ZJ-1')))
      expect(late.facts).toMatchObject([{ what: 'late-answer', detail: { province: ZHEJIANG } }])
      expect(late.next).toBeUndefined()
      expect(late.emit).toBeUndefined()
      expect(play.cases.get('case-1')).toBe(before)
      play.wait(0)
      expect(play.result<DiscoverResult>(id).result.missing).toMatchObject([{ province: ZHEJIANG, reason: 'TIMEOUT' }])
      expect(play.data().resolved).toEqual({})
      expect(play.state()).toBe('NOT_FOUND')
    }
  })

  it('counts the first answer of a province and logs its duplicate', () => {
    const play = new Play()
    const id = play.discover()
    play.answer('discover', id, ZHEJIANG, { answer: 'none', candidates: [] })
    expect(play.answer('discover', id, ZHEJIANG, match(lin('ZJ-1'))).facts).toMatchObject([{ what: 'duplicate-answer' }])
    play.answer('discover', id, JIANGXI, { answer: 'none', candidates: [] })
    expect(play.answer('discover', id, JIANGXI, match(lin('JX-1'))).facts).toMatchObject([{ what: 'late-answer' }])
    expect(play.result<DiscoverResult>(id).result.provinces.map(p => p.answer)).toEqual(['none', 'none'])
    expect(play.answer('discover', play.discover(), PULLING, match(lin('x'))).facts).toMatchObject([{ what: 'answer-not-asked-for' }])
  })

  it.each([
    ['none', { answer: 'none', candidates: [] }, { answer: 'none' }, 'NOT_FOUND', false],
    ['several', several(patientOf({ name: '林晓梅', birthDate: LIN.birthDate, sex: '2' }, 'a'), patientOf({ name: '林晓梅', birthDate: LIN.birthDate, sex: '2' }, 'b')), { answer: 'several', certainty: 'review', rule: 'R4', text: 'NO_COMPARABLE_NUMBER' }, 'AMBIGUOUS', false],
    ['need-attributes', { answer: 'need-attributes', candidates: [], attributesWanted: ['phone'] }, { answer: 'need-attributes', attributesWanted: ['phone'] }, 'NEED_MORE_ATTRS', false],
    ['fault', { answer: 'fault', candidates: [], fault: { code: '9001', text: '索引库维护中' } }, { answer: 'fault', text: '9001 索引库维护中' }, 'AUTHORISED', true],
    ['an unconfirmed match', match(patientOf({ ...LIN, name: '林晓峰' }, 'a')), { answer: 'match', certainty: 'review', rule: 'R3', text: 'NAME_DIFFERS' }, 'AMBIGUOUS', false],
    ['another person', match(patientOf({ ...LIN, idNumber: OTHER_NUMBER }, 'a')), { answer: 'match', certainty: 'no', rule: 'R1', text: '候选为他人 / the candidates are other persons' }, 'NOT_FOUND', false],
  ] as const)('tells %s apart', (_, answer, told, state, partial) => {
    const play = new Play()
    const id = play.discover({}, { targets: [ZHEJIANG] })
    play.answer('discover', id, ZHEJIANG, answer)
    const r = play.result<DiscoverResult>(id)
    expect(r.result.provinces).toEqual([{ province: ZHEJIANG, ...told }])
    expect(r.partial).toBe(partial)
    expect(r.result.missing.map(m => m.reason)).toEqual(partial ? ['FAULT'] : [])
    expect(play.state()).toBe(state)
    expect(play.notices()).toEqual([])
    expect(play.facts.at(-1)!.what).toBe('nothing-disclosed')
  })

  it('finds the one certain person among several', () => {
    const play = new Play()
    const id = play.discover({}, { targets: [ZHEJIANG] })
    play.answer('discover', id, ZHEJIANG, several(patientOf({ ...LIN, idNumber: OTHER_NUMBER }, 'a'), lin('b')))
    expect(play.result<DiscoverResult>(id).result.provinces).toMatchObject([{ answer: 'match', certainty: 'certain', patient: { identifier: [{ value: 'b' }, {}] } }])
  })

  it('takes a province back when a later discovery is no longer certain, with its documents', () => {
    const play = resolvedPlay(ZHEJIANG)
    const list = play.request('list', {}, { targets: [] })
    play.answer('list', list, ZHEJIANG, { documents: [listed('D1')] })
    expect(play.state()).toBe('LISTED')
    const again = play.discover({}, { targets: [ZHEJIANG] })
    expect(play.state()).toBe('LISTED')
    play.answer('discover', again, ZHEJIANG, several(lin('a'), lin('b')))
    expect(play.state()).toBe('AMBIGUOUS')
    expect(play.data()).toMatchObject({ resolved: {}, documents: {} })
    expect(play.reasons(play.request('list', {}))).toEqual(['CASE_AMBIGUOUS'])
  })

  it('keeps the case small under thousands of exchanges', () => {
    const play = new Play()
    for (let i = 0; i < 5000; i++) play.answer('discover', play.discover({}, { targets: [ZHEJIANG] }), ZHEJIANG, match(lin('ZJ-1')))
    expect(JSON.stringify(play.data()).length).toBeLessThan(600)
    expect(play.emissions.filter(e => e.type.endsWith('.result')).length).toBe(5000)
  })
})

describe('refusals', () => {
  const refused = (play: Play, id: string) => {
    expect(play.result(id)).toMatchObject({ state: 'REJECTED', partial: false })
    expect(play.deliveries(id)).toEqual([])
    return play.reasons(id)
  }

  it('denies by default, tells every reason, and keeps nothing of the person', () => {
    const play = new Play()
    const id = play.discover({ authorization: { purpose: 'TREAT' } })
    expect(refused(play, id)).toEqual(['NO_CARE_RELATION', 'NO_CONSENT'])
    expect(play.result(id).faults!.map(f => [f.code, f.pointer])).toEqual([['ACCESS_DENIED', '/authorization/careRelation'], ['BASIS_MISSING', '/authorization/consent']])
    expect(play.state()).toBe('DENIED')
    expect(play.data().subject).toBeNull()
    expect(play.documents[0]!.body).toMatchObject({ outcome: '4', outcomeDesc: 'NO_CARE_RELATION NO_CONSENT' })
    expect(play.facts).toMatchObject([{ what: 'access.denied', detail: { reason: 'NO_CARE_RELATION NO_CONSENT' } }])
    expect(refused(play, play.discover())).toEqual(['CASE_DENIED'])
  })

  it('lets nobody else into the case, and no other person', () => {
    const play = resolvedPlay()
    expect(play.result(play.request('list', {}, { sender: 'somebody-else' })).faults!.map(f => f.code)).toEqual(['EXCHANGE_UNKNOWN'])
    expect(refused(play, play.discover({ person: { ...LIN, idNumber: OTHER_NUMBER } }))).toEqual(['OTHER_PERSON'])
    expect(play.state()).toBe('RESOLVED')
  })

  it('refuses a province it does not know', () => {
    const play = new Play()
    expect(play.result(play.discover({}, { targets: [ZHEJIANG, '990000'] })).faults).toMatchObject([{ code: 'PROVINCE_UNKNOWN', pointer: '/targets/1' }])
  })

  it('refuses a list before discovery, during it, and when nobody is certain', () => {
    const play = new Play()
    expect(refused(play, play.request('list', {}))).toEqual(['NO_DISCOVERY'])
    expect(refused(play, play.request('retrieve', { documentId: 'D1' }))).toEqual(['NO_DISCOVERY'])
    const id = play.discover()
    expect(refused(play, play.request('list', {}))).toEqual(['CASE_DISCOVERING'])
    for (const p of [ZHEJIANG, JIANGXI]) play.answer('discover', id, p, { answer: 'none', candidates: [] })
    expect(refused(play, play.request('list', {}))).toEqual(['CASE_NOT_FOUND'])
    const resolved = resolvedPlay(ZHEJIANG)
    expect(refused(resolved, resolved.request('list', {}, { targets: [JIANGXI] }))).toEqual(['NOT_RESOLVED'])
    expect(refused(resolved, resolved.request('retrieve', { documentId: 'D1' }, { targets: [ZHEJIANG] }))).toEqual(['CASE_RESOLVED'])
  })

  it('takes access back when the consent runs out before the answer is in', () => {
    const play = new Play()
    play.clock.advance(Date.parse('2026-11-24T15:59:59Z') - play.clock.now().getTime())
    const id = play.discover({ authorization: { ...treatment, consent: { ...treatment.consent!, validUntil: '2026-11-24' } } }, { targets: [ZHEJIANG] })
    play.clock.advance(1000)
    play.answer('discover', id, ZHEJIANG, match(lin('ZJ-1')))
    expect(play.result(id)).toMatchObject({ state: 'REJECTED' })
    expect(play.reasons(id)).toEqual(['EXPIRED'])
    expect(play.data()).toMatchObject({ resolved: {}, open: {} })
    expect(play.notices()).toEqual([])
  })
})

describe('list', () => {
  it('asks the provinces that know the person, under their own identifier, whatever the sender wrote', () => {
    const play = resolvedPlay(ZHEJIANG)
    const id = play.request('list', { patientIdentifier: 'SOMEBODY-ELSE' }, { targets: [ZHEJIANG, JIANGXI] })
    expect(play.deliveries(id).map(e => (e.body as DeliverBody).document)).toMatchObject([{ patientIdentifier: '330000-1', targets: [ZHEJIANG] }])
    play.answer('list', id, ZHEJIANG, { documents: [listed('D1')] })
    const { partial, result } = play.result<ListResult>(id)
    expect(partial).toBe(true)
    expect(result).toMatchObject({ complete: false, provinces: [{ province: ZHEJIANG, documents: [{ masterIdentifier: { value: 'D1' } }] }], missing: [{ province: JIANGXI, reason: 'NOT_RESOLVED' }] })
  })

  it('tells current documents only, and remembers the others', () => {
    const play = resolvedPlay(ZHEJIANG)
    const id = play.request('list', {}, { targets: [] })
    play.answer('list', id, ZHEJIANG, { documents: [
      listed('D2', { relatesTo: [{ code: 'replaces', target: { identifier: { value: 'D1' } } }] }), listed('D1'),
      listed('D3', { status: 'superseded' }), listed('D4', { status: 'entered-in-error' }),
      listed('D5', { date: '2026-01-01T00:00:00Z' }), listed('D5', { date: '2026-01-02T00:00:00Z', status: 'entered-in-error' }),
    ] })
    expect(play.result<ListResult>(id).result.provinces[0]!.documents.map(d => d.masterIdentifier.value)).toEqual(['D2'])
    expect(Object.entries(play.data().documents[ZHEJIANG]!).map(([k, v]) => `${k} ${v.status}`)).toEqual(['D2 current', 'D1 superseded', 'D3 superseded', 'D4 entered-in-error', 'D5 entered-in-error'])
    const reasons = ['D1', 'D4', 'D9', 'constructor', '__proto__'].map(documentId => play.reasons(play.request('retrieve', { documentId }, { targets: [ZHEJIANG] }))[0])
    expect(reasons).toEqual(['DOCUMENT_SUPERSEDED', 'DOCUMENT_VOIDED', 'DOCUMENT_NOT_LISTED', 'DOCUMENT_NOT_LISTED', 'DOCUMENT_NOT_LISTED'])
  })

  it('is partial when a holder reports a fault or stays silent', () => {
    const play = resolvedPlay()
    const id = play.request('list', {}, { targets: [] })
    play.answer('list', id, ZHEJIANG, { documents: [], fault: { code: '40412' } })
    play.wait(8000)
    expect(play.result<ListResult>(id)).toMatchObject({ partial: true, result: { provinces: [], missing: [{ province: ZHEJIANG, reason: 'FAULT', text: '40412' }, { province: JIANGXI, reason: 'TIMEOUT' }] } })
    expect(play.state()).toBe('RESOLVED')
  })

  it('shows an emergency the discharge summaries only', () => {
    const emergency = { authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-4' } }
    const play = new Play()
    play.answer('discover', play.discover(emergency, { targets: [ZHEJIANG] }), ZHEJIANG, match(lin('ZJ-1')))
    expect(play.reasons(play.request('list', { ...emergency, categories: ['C0007'] }, { targets: [] }))).toEqual(['NOT_NECESSARY'])
    const id = play.request('list', emergency, { targets: [] })
    expect(play.deliveries(id)[0]!.body).toMatchObject({ document: { categories: ['C0053'] } })
    play.answer('list', id, ZHEJIANG, { documents: [listed('L1'), listed('S1', {}, 'C0053')] })
    expect(play.result<ListResult>(id).result.provinces[0]!.documents.map(d => d.masterIdentifier.value)).toEqual(['S1'])
    expect(play.reasons(play.request('retrieve', { ...emergency, documentId: 'L1' }, { targets: [ZHEJIANG] }))).toEqual(['NOT_NECESSARY'])
  })
})

describe('retrieval', () => {
  const digest = sha256Hex('native bytes')
  const retrieving = () => {
    const play = resolvedPlay(ZHEJIANG)
    play.answer('list', play.request('list', {}, { targets: [] }), ZHEJIANG, { documents: [listed('D1', { content: [{ attachment: { hash: Buffer.from(digest, 'hex').toString('base64') } }] }), listed('D2')] })
    return { play, id: play.request('retrieve', { documentId: 'D1' }, { targets: [ZHEJIANG] }) }
  }

  it('hands over the document of the person asked for', () => {
    const { play, id } = retrieving()
    expect(play.state()).toBe('RETRIEVING')
    const bundle = documentOf('D1', lin('ZJ-1'), [{ resourceType: 'Observation', subject: { reference: 'urn:uuid:p' } }])
    play.answer('retrieve', id, ZHEJIANG, bundle, { nativeDigest: digest })
    expect(play.result(id)).toEqual({ state: 'COMPLETED', partial: false, schema: 'lab-report', result: bundle })
    expect(play.state()).toBe('DELIVERED')
    expect(play.facts.at(-1)).toMatchObject({ what: 'disclosed', digest: sha256Hex(JSON.stringify(bundle)), detail: { rule: 'R1', hash: 'agrees', native: digest } })
    expect(play.notices().at(-1)!.body).toMatchObject({ exchange: 'medical-records.retrieve', provinces: [ZHEJIANG], what: '文档调阅 D1' })
  })

  it.each([
    ['another patient', documentOf('D1', patientOf({ ...LIN, idNumber: OTHER_NUMBER }, 'x')), digest, ['WRONG_PATIENT']],
    ['a patient who is not certain', documentOf('D1', patientOf({ ...LIN, idNumber: undefined }, 'x')), digest, ['WRONG_PATIENT']],
    ['a second patient', documentOf('D1', patientOf(LIN, 'x'), [patientOf({ name: '林小宝' }, 'y')]), digest, ['WRONG_PATIENT']],
    ['a result of somebody else', documentOf('D1', patientOf(LIN, 'x'), [{ resourceType: 'Observation', subject: { reference: 'Patient/9' } }]), digest, ['SUBJECT_UNCLEAR']],
    ['no subject', documentOf('D1', patientOf(LIN, 'x'), [], { subject: {} }), digest, ['SUBJECT_UNCLEAR']],
    ['another document', documentOf('D2', patientOf(LIN, 'x')), digest, ['OTHER_DOCUMENT']],
    ['a voided document', documentOf('D1', patientOf(LIN, 'x'), [], { status: 'entered-in-error' }), digest, ['NOT_CURRENT']],
    ['another content', documentOf('D1', patientOf(LIN, 'x')), sha256Hex('other bytes'), ['HASH_DIFFERS']],
    ['no digest to compare', documentOf('D1', patientOf(LIN, 'x')), undefined, ['HASH_DIFFERS']],
    ['several of these', documentOf('D2', patientOf({ ...LIN, name: '王芳' }, 'x')), undefined, ['WRONG_PATIENT', 'OTHER_DOCUMENT', 'HASH_DIFFERS']],
  ])('hands over nothing of %s', (_, bundle, nativeDigest, objections) => {
    const { play, id } = retrieving()
    const before = play.notices().length
    play.answer('retrieve', id, ZHEJIANG, bundle, { nativeDigest })
    const r = play.result(id)
    expect(r).toMatchObject({ state: 'FAILED', faults: objections.map(() => ({ code: 'TARGET_ANSWER_INVALID' })) })
    expect(r.result).toBeUndefined()
    expect(play.reasons(id)).toEqual(objections)
    expect(play.outcomes.at(-1)).toEqual({ kind: 'needs-review', reason: objections[0] })
    expect(play.facts.at(-1)).toMatchObject({ what: 'nothing-disclosed', detail: { objections: objections.join(' ') } })
    expect(play.notices().length).toBe(before)
    expect(play.state()).toBe('FAILED')
  })

  it('marks an unfinished report as partial', () => {
    const { play, id } = retrieving()
    play.answer('retrieve', id, ZHEJIANG, documentOf('D1', lin('ZJ-1'), [{ resourceType: 'DiagnosticReport', status: 'preliminary' }]), { nativeDigest: digest })
    expect(play.result(id)).toMatchObject({ state: 'COMPLETED', partial: true })
    expect(play.state()).toBe('PARTIAL')
  })

  it('passes on the holder’s refusal, and says when nobody answered', () => {
    const { play, id } = retrieving()
    play.answer('retrieve', id, ZHEJIANG, { fault: { code: '4043' } }, { schema: 'retrieve-fault' })
    expect(play.result(id)).toMatchObject({ state: 'COMPLETED', schema: 'retrieve-fault', result: { fault: { code: '4043' } } })
    expect(play.state()).toBe('FAILED')
    const slow = play.request('retrieve', { documentId: 'D1' }, { targets: [ZHEJIANG] })
    play.wait(8000)
    expect(play.result(slow)).toMatchObject({ state: 'FAILED', faults: [{ code: 'TARGET_TIMEOUT' }] })
    expect(play.state()).toBe('EXPIRED')
    const down = play.request('retrieve', { documentId: 'D1' }, { targets: [ZHEJIANG] })
    play.silent('retrieve', down, ZHEJIANG, 'unavailable')
    expect(play.result(down)).toMatchObject({ state: 'FAILED', faults: [{ code: 'TARGET_UNAVAILABLE' }] })
  })

  it('hands over nothing when the person stopped being certain, or the document current, meanwhile', () => {
    const first = retrieving()
    first.play.answer('discover', first.play.discover({}, { targets: [ZHEJIANG] }), ZHEJIANG, several(lin('a'), lin('b')))
    first.play.answer('retrieve', first.id, ZHEJIANG, documentOf('D1', lin('ZJ-1')), { nativeDigest: digest })
    expect(first.play.result(first.id)).toMatchObject({ state: 'FAILED', faults: [{ code: 'STATE_FORBIDS' }] })
    expect(first.play.state()).toBe('AMBIGUOUS')
    const second = retrieving()
    second.play.answer('list', second.play.request('list', {}, { targets: [] }), ZHEJIANG, { documents: [listed('D1', { status: 'superseded' })] })
    second.play.answer('retrieve', second.id, ZHEJIANG, documentOf('D1', lin('ZJ-1')), { nativeDigest: digest })
    expect(second.play.reasons(second.id)).toEqual(['NOT_CURRENT'])
  })
})

describe('evidence', () => {
  it('never names the person in facts, topics, keys or notices', () => {
    const play = resolvedPlay()
    play.discover({ authorization: { purpose: 'TREAT' } }, { caseId: 'case-2' })
    const told = JSON.stringify([play.facts, play.notices(), play.emissions.map(e => [e.topic, e.key, e.name, e.type, e.trail]), play.documents.map(d => (d.body as { entity: unknown }).entity)])
    expect(told).not.toContain(LIN.idNumber)
    expect(told).not.toContain(LIN.name)
  })
})
