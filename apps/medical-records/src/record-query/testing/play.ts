import { childId, ManualClock, newId, type Outcome } from '#kernel'
import { toEnvelope, fromEnvelope, type AnswerBody, type Case, type Decision, type Document, type Emission, type Fact, type Message, type ResultBody } from '#messaging'
import type { Province } from '#provinces'
import { Sealer } from '#security'
import { DiscoverHandler } from '../discover.handler.js'
import { DueHandler } from '../due.handler.js'
import { ListHandler } from '../list.handler.js'
import type { RecordQueryData } from '../record-query.case.js'
import { RecordQueryFlow } from '../record-query.flow.js'
import { RetrieveHandler } from '../retrieve.handler.js'
import { LIN, physician, treatment } from './people.js'

export const ZHEJIANG = '330000'
export const JIANGXI = '360000'
export const PULLING = '410000'

type Kind = 'discover' | 'list' | 'retrieve'

/** Drives the handlers as the pipeline does: every body through JSON, cases kept by version, outputs collected. */
export class Play {
  readonly clock = new ManualClock('2026-11-24T08:00:00Z')
  readonly sealer = new Sealer(Buffer.alloc(32, 7))
  readonly flow = new RecordQueryFlow(this.sealer, { all: [], bySlug: () => undefined, byCode: code => (code === '990000' ? undefined : { profile: { endpoint: { mode: code === PULLING ? 'pull' : 'push' } } } as Province) })
  readonly handlers = { discover: new DiscoverHandler(this.flow), list: new ListHandler(this.flow), retrieve: new RetrieveHandler(this.flow), due: new DueHandler(this.flow) }
  readonly cases = new Map<string, Case<RecordQueryData> & { dueAt: Date | null }>()
  readonly emissions: (Emission & { exchangeId: string })[] = []
  readonly facts: Fact[] = []
  readonly documents: Document[] = []
  outcomes: Outcome[] = []

  request(kind: Kind, body: object, { caseId = 'case-1', sender = 'ningde-hospital', targets = [ZHEJIANG, JIANGXI] as string[] } = {}): string {
    const exchangeId = newId()
    const request = { requester: physician, authorization: treatment, targets, ...body }
    this.#take(kind, 'request', { request, sender: { participantId: sender, province: '350000', organizationCode: '488250168' }, targets: request.targets }, exchangeId, caseId)
    return exchangeId
  }
  discover(body: object = {}, options: Parameters<Play['request']>[2] = {}): string { return this.request('discover', { person: LIN, ...body }, options) }

  answer(kind: Kind, exchangeId: string, province: string, document: unknown, extra: Partial<AnswerBody> = {}, caseId = 'case-1'): Decision {
    const schema = kind === 'retrieve' ? 'lab-report' : `${kind}-answer`
    return this.#take(kind, 'answer', { province, status: 'answered', schema, document, nativeDigest: 'a'.repeat(64), lossCount: 0, ...extra }, exchangeId, caseId)
  }
  silent(kind: Kind, exchangeId: string, province: string, status: 'unavailable' | 'timeout' | 'invalid'): Decision {
    return this.#take(kind, 'answer', { province, status }, exchangeId, 'case-1')
  }

  /** Lets the time pass; due times fire. */
  wait(ms: number): void {
    this.clock.advance(ms)
    for (const c of [...this.cases.values()]) if (c.dueAt && c.dueAt <= this.clock.now()) this.#apply(this.handlers.due.due({ message: this.#message('medical-records.due', {}, newId(), c.caseId), body: {}, case: c, now: this.clock.now() }), newId(), c.caseId)
  }

  state(caseId = 'case-1'): string | undefined { return this.cases.get(caseId)?.state }
  data(caseId = 'case-1'): RecordQueryData { return this.cases.get(caseId)!.data }
  results(exchangeId: string): ResultBody[] { return this.emissions.filter(e => e.exchangeId === exchangeId && e.type.endsWith('.result')).map(e => e.body as ResultBody) }
  result<R = unknown>(exchangeId: string): ResultBody & { result: R } {
    const all = this.results(exchangeId)
    if (all.length !== 1) throw new Error(`${all.length} results`)
    return all[0] as ResultBody & { result: R }
  }
  deliveries(exchangeId: string): (Emission & { exchangeId: string })[] { return this.emissions.filter(e => e.exchangeId === exchangeId && e.type.endsWith('.deliver')) }
  notices(): Emission[] { return this.emissions.filter(e => e.type === 'notice.access') }
  reasons(exchangeId: string): string[] { return this.result(exchangeId).faults!.map(f => f.en.replace(/^.*?: /, '').split(' ')[0]!) }

  #message(type: string, body: object, exchangeId: string, caseId: string): Message {
    const trail = [{ by: 'gateway', what: 'accepted', at: this.clock.now().toISOString(), ms: 1 }]
    return fromEnvelope(toEnvelope({ id: newId(), type, source: 'spec', caseId, key: caseId, topic: 'tongqu.medical-records', exchangeId, time: this.clock.now().toISOString(), attempt: 0, traceparent: '', versions: {}, trail: type.endsWith('.due') ? [] : trail, body: Buffer.from(JSON.stringify(body)) }))
  }

  #take(kind: Kind, form: 'request' | 'answer', body: object, exchangeId: string, caseId: string): Decision {
    const message = this.#message(`medical-records.${kind}.${form}`, body, exchangeId, caseId)
    const decision = this.handlers[kind][form]({ message, body: JSON.parse(message.body.toString()), case: this.cases.get(caseId), now: this.clock.now() })
    return this.#apply(decision, exchangeId, caseId)
  }

  #apply(decision: Decision, exchangeId: string, caseId: string): Decision {
    this.outcomes.push(decision.outcome)
    const ids = (decision.emit ?? []).map((e, i) => childId(exchangeId, e.name ?? i))
    if (new Set(ids).size !== ids.length) throw new Error('two emissions with one name')
    for (const e of decision.emit ?? []) this.emissions.push({ exchangeId, ...JSON.parse(JSON.stringify(e)) })
    this.facts.push(...decision.facts ?? [])
    this.documents.push(...decision.documents ?? [])
    const { next } = decision
    if (next) this.cases.set(caseId, { caseId, kind: next.kind, state: next.state, version: (this.cases.get(caseId)?.version ?? 0) + 1, data: JSON.parse(JSON.stringify(next.data)) as RecordQueryData, dueAt: next.dueAt ?? null })
    return decision
  }
}

/** A play whose case has found the person in both provinces. */
export function resolvedPlay(...provinces: string[]): Play {
  const play = new Play()
  const asked = provinces.length ? provinces : [ZHEJIANG, JIANGXI]
  const id = play.discover({}, { targets: asked })
  for (const p of asked) play.answer('discover', id, p, { answer: 'match', candidates: [{ resourceType: 'Patient', identifier: [{ value: `${p}-1` }, { system: 'urn:oid:2.16.156.10011.1.3', value: LIN.idNumber }], name: [{ text: LIN.name }] }] })
  return play
}
