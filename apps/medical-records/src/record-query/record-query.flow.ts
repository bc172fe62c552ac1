import { businessDay, completed, fault, rejected, type Fault } from '#kernel'
import type { AccessNoticeBody, AnswerBody, Case, Decision, DecisionContext, DeliverBody, Emission, Fact, RequestBody, ResultBody, Step } from '#messaging'
import type { Provinces } from '#provinces'
import { exchangeKey, messageTypes, topics, type ExchangeDefinition, type PersonQuery } from '#schemas'
import { sha256Hex, type Sealer } from '#security'
import { ACCESS_RULES_VERSION, accessFaults, decideAccess, type AccessDecision } from '../access.rules.js'
import { auditEvent, type AuditedAccess } from '../audit-event.js'
import { missing, type Conclusion, type ExchangeRules } from './exchange.rules.js'
import { identityNumber } from './identity-number.rules.js'
import { isComplete, KIND, MAX_OPEN, nextDeadline, withLeg, withOpen, withoutOpen, type Asker, type Leg, type OpenExchange, type RecordQueryData } from './record-query.case.js'
import { advance, type RecordQueryState, type Signal } from './record-query.state.js'

type Context = DecisionContext
export type RecordQueryCase = Case<RecordQueryData>
type Permit = Extract<AccessDecision, { effect: 'permit' }>

/** Who asked, about whom; `denied`: reason codes when access was denied. */
interface Access { readonly asker: Asker; readonly personKey?: string; readonly denied?: readonly string[] }

/** An exchange about to be opened: the case as it will be, and one document for each province. */
export interface Opening {
  readonly data: RecordQueryData
  readonly state: RecordQueryState
  readonly asker: Asker
  readonly permit: Permit
  readonly documents: Readonly<Record<string, unknown>>
  readonly holders?: Readonly<Record<string, string>>
  readonly notResolved?: readonly string[]
  readonly documentId?: string
  readonly filtered?: boolean
}

/** What all exchanges of a record query have in common: ask the provinces, gather their answers, end with one result, leave proof. */
export class RecordQueryFlow {
  constructor(private readonly sealer: Sealer, private readonly provinces: Provinces) {}

  unknownProvinces(codes: readonly string[]): Fault[] {
    return codes.flatMap((code, i) => (this.provinces.byCode(code) ? [] : [fault('PROVINCE_UNKNOWN', `/targets/${i}`)]))
  }

  /** Look-up hash of the person's document; the same for every way the number is written. */
  personKey(person: Pick<PersonQuery, 'idType' | 'idNumber'>, now: Date): string {
    return this.sealer.keyedHash('person', `${person.idType}:${identityNumber(person.idType, person.idNumber, dayOf(now)).number}`)
  }

  /** Permits or refuses; a refusal is the decision itself. */
  access(context: Context, definition: ExchangeDefinition, access: Access, subject: PersonQuery): Permit | Decision {
    const decision = decideAccess({ exchange: messageOf(definition), subject, ...access.asker, today: dayOf(context.now) })
    return decision.effect === 'permit' ? decision : this.refuse(context, definition, decision.reasons[0], accessFaults(decision.reasons), { ...access, denied: decision.reasons })
  }

  /** Ends an exchange before any province is asked. */
  refuse({ message, body, now }: Context, definition: ExchangeDefinition, reason: string, faults: readonly Fault[], access: Access): Decision {
    const { sender, targets } = body as RequestBody
    return {
      outcome: rejected(reason), faults,
      emit: [{ topic: topics.gateway, type: messageTypes(definition).result, body: { state: 'REJECTED', partial: false, faults } satisfies ResultBody }],
      facts: [{ what: access.denied ? 'access.denied' : 'refused', detail: { exchange: exchangeKey(definition), reason: (access.denied ?? [reason]).join(' '), participant: sender.participantId, purpose: access.asker.authorization.purpose, accessRules: ACCESS_RULES_VERSION } }],
      documents: [audit({ kind: 'query', exchange: messageOf(definition), exchangeId: message.exchangeId, caseId: message.caseId, provinces: targets, at: now, denied: [reason], ...access })],
    }
  }

  refuseState(context: Context, definition: ExchangeDefinition, reason: string, pointer: string, text: { zh: string; en: string }, access: Access): Decision {
    return this.refuse(context, definition, reason, [fault('STATE_FORBIDS', pointer, { zh: `${reason} ${text.zh}`, en: `${reason} ${text.en}` })], access)
  }

  /** The sender's own case, in a state that allows the request; else the refusal. */
  caseOf(context: Context, definition: ExchangeDefinition, signal: Signal, asker: Asker): RecordQueryCase | Decision {
    const c = context.case as RecordQueryCase | undefined
    if (!c) return this.refuseState(context, definition, 'NO_DISCOVERY', '', { zh: '请先查询患者', en: 'discover the person first' }, { asker })
    const access = { asker, personKey: c.data.personKey }
    if (c.data.owner !== (context.body as RequestBody).sender.participantId) return this.refuse(context, definition, 'NOT_OWNER', [fault('EXCHANGE_UNKNOWN', '')], access)
    if (Object.keys(c.data.open).length >= MAX_OPEN) return this.refuse(context, definition, 'TOO_MANY_OPEN', [fault('OVERLOADED', '')], access)
    if (advance(c.state as RecordQueryState, signal)) return c
    return this.refuseState(context, definition, `CASE_${c.state}`, '', { zh: '当前状态不允许此操作', en: `the case is ${c.state}` }, access)
  }

  /** Asks every province, each by its own topic; its deadline is the case's due time. */
  open({ message, body, now }: Context, definition: ExchangeDefinition, o: Opening): Decision<RecordQueryData> {
    const deadline = new Date(now.getTime() + definition.targetDeadlineMs)
    const asked = Object.keys(o.documents)
    const note = `${asked.length} asked`
    const exchange = {
      message: messageOf(definition), deadline: deadline.toISOString(), trail: [...message.trail, ownStep(message, now, note)], legs: Object.fromEntries(asked.map((p): [string, Leg] => [p, OPEN])),
      ...(o.holders && { holders: o.holders }), ...(o.notResolved?.length && { notResolved: o.notResolved }), ...(o.documentId && { documentId: o.documentId }), ...(o.filtered && { filtered: true }),
    }
    const data = withOpen(o.data, message.exchangeId, o.asker, exchange)
    return {
      outcome: completed, next: { kind: KIND, state: o.state, data, dueAt: nextDeadline(data) },
      emit: asked.map(province => this.#delivery(definition, province, o.documents[province], deadline)),
      facts: [{ what: 'access.permitted', detail: {
        exchange: exchangeKey(definition), participant: (body as RequestBody).sender.participantId, purpose: o.asker.authorization.purpose, reason: o.permit.reason, asked: asked.join(' '), accessRules: ACCESS_RULES_VERSION,
      } }],
      documents: [audit({ kind: 'query', exchange: exchange.message, exchangeId: message.exchangeId, caseId: message.caseId, asker: o.asker, personKey: data.personKey, provinces: asked, documentId: o.documentId, at: now })],
      step: { note },
    }
  }

  #delivery(definition: ExchangeDefinition, province: string, document: unknown, deadline: Date): Emission {
    const pulls = this.provinces.byCode(province)?.profile.endpoint.mode === 'pull'
    return {
      topic: pulls ? topics.pull : topics.deliveries(province), type: messageTypes(definition).deliver, name: province, deadline,
      body: { province, exchange: exchangeKey(definition), schema: definition.request.name, document } satisfies DeliverBody,
    }
  }

  /** Takes one province's answer; with the last one the exchange ends. An answer nobody waits for is logged and changes nothing. */
  answer<F>({ message, body, case: found, now }: Context, rules: ExchangeRules<F>): Decision<RecordQueryData> {
    const answer = body as AnswerBody
    const c = found as RecordQueryCase | undefined
    const exchange = c?.data.open[message.exchangeId] as OpenExchange<F> | undefined
    const leg = exchange?.legs[answer.province]
    const detail = { exchange: exchangeKey(rules.definition), province: answer.province, status: answer.status, ...(answer.nativeDigest && { native: answer.nativeDigest }), ...(answer.lossCount !== undefined && { lossCount: answer.lossCount }) }
    const logged = (what: string): Decision<RecordQueryData> => ({ outcome: completed, facts: [{ what, detail }], step: { note: what } })
    if (!c || !exchange || now.toISOString() > exchange.deadline) return logged('late-answer')
    if (!leg) return logged('answer-not-asked-for')
    if (leg.status !== 'open') return logged('duplicate-answer')

    const read = readLeg(answer, rules, c.data, dayOf(now))
    const others = Object.keys(exchange.legs).length > 1
    const data = withLeg(c.data, message.exchangeId, exchange, answer.province, others && read.status !== 'open' ? { ...read, trail: message.trail } : read)
    const recorded: Fact = { what: 'answer.recorded', detail }
    const after = data.open[message.exchangeId] as OpenExchange<F>
    if (!isComplete(after)) return { outcome: completed, next: { kind: KIND, state: c.state, data, dueAt: nextDeadline(data) }, facts: [recorded], step: { note: answer.province } }
    const end = this.#close({ message, now, caseId: c.caseId, exchangeId: message.exchangeId, data, state: c.state as RecordQueryState, rules })
    return { ...end.decision, next: { kind: KIND, state: end.state, data: end.data, dueAt: nextDeadline(end.data) }, facts: [recorded, ...end.decision.facts!] }
  }

  /** Ends every exchange whose deadline has passed; who has not answered is named. */
  due({ message, case: found, now }: Context, rulesOf: (exchange: OpenExchange) => ExchangeRules<unknown>): Decision<RecordQueryData> {
    const c = found as RecordQueryCase | undefined
    if (!c) return { outcome: completed }
    let { data } = c
    let state = c.state as RecordQueryState
    const ends: Decision<RecordQueryData>[] = []
    for (const [exchangeId, exchange] of Object.entries(c.data.open)) {
      if (exchange.deadline > now.toISOString()) continue
      for (const [province, leg] of Object.entries(exchange.legs)) if (leg.status === 'open') data = withLeg(data, exchangeId, data.open[exchangeId]!, province, missing('TIMEOUT'))
      const end = this.#close({ message, now, caseId: c.caseId, exchangeId, data, state, rules: rulesOf(exchange) })
      ;({ data, state } = end)
      ends.push(end.decision)
    }
    const review = ends.find(e => e.outcome.kind === 'needs-review')
    return {
      outcome: review?.outcome ?? completed, next: { kind: KIND, state, data, dueAt: nextDeadline(data) },
      emit: ends.flatMap(e => e.emit ?? []), facts: ends.flatMap(e => e.facts ?? []), documents: ends.flatMap(e => e.documents ?? []), step: { note: `${ends.length} timed out` },
    }
  }

  /** One exchange ends: its result, the proof of what left, the notice to the person. Access is decided again, for it may have lapsed meanwhile. */
  #close<F>(o: { message: Context['message']; now: Date; caseId: string; exchangeId: string; data: RecordQueryData; state: RecordQueryState; rules: ExchangeRules<F> }): { decision: Decision<RecordQueryData>; data: RecordQueryData; state: RecordQueryState } {
    const { message, now, caseId, exchangeId, rules: { definition } } = o
    const exchange = o.data.open[exchangeId] as OpenExchange<F>
    const asker = o.data.askers[exchange.asker]!
    const today = dayOf(now)
    const access = decideAccess({ exchange: exchange.message, subject: o.data.subject!, ...asker, today })
    const end = access.effect === 'permit' ? o.rules.conclude(o.data, exchange, access, today) : withdrawn(o.data, o.rules, access.reasons)
    const disclosed = end.disclosed.length > 0
    const emit: Emission[] = [{
      topic: topics.gateway, type: messageTypes(definition).result, name: `result ${exchangeId}`, exchangeId, body: end.result,
      // the whole journey's patience, not the province's: the answer that caused this may have used up the latter
      deadline: new Date(Date.parse(exchange.deadline) - definition.targetDeadlineMs + definition.deadlineMs), ...trailOf(exchange, message, now),
    }]
    if (disclosed) emit.push({ topic: topics.gateway, type: 'notice.access', name: `notice ${exchangeId}`, exchangeId, body: notice(definition, asker, o.data.personKey, end.disclosed, exchange, now) })
    const accessed: AuditedAccess = { kind: 'disclosure', exchange: exchange.message, exchangeId, caseId, asker, personKey: o.data.personKey, provinces: end.disclosed, documentId: exchange.documentId, at: now }
    return {
      data: withoutOpen(end.data, exchangeId), state: moved(o.state, end.signals),
      decision: {
        outcome: end.outcome ?? (access.effect === 'deny' ? rejected(access.reasons[0]) : completed), faults: end.result.faults, emit,
        facts: [{ what: disclosed ? 'disclosed' : 'nothing-disclosed', exchangeId, digest: sha256Hex(JSON.stringify(end.result.result ?? end.result)), detail: { exchange: exchangeKey(definition), state: end.result.state, ...end.detail } }],
        ...(disclosed && { documents: [{ ...audit(accessed), exchangeId }] }),
      },
    }
  }
}

/** Handlers of one batch share their instant, so its day is worked out once. */
let known = { at: Number.NaN, day: '' }
function dayOf(now: Date): string {
  if (now.getTime() !== known.at) known = { at: now.getTime(), day: businessDay(now) }
  return known.day
}

const OPEN: Leg<never> = { status: 'open' }
const audit = (a: AuditedAccess) => ({ kind: 'AuditEvent', body: auditEvent(a) })
const messageOf = (definition: ExchangeDefinition): OpenExchange['message'] => definition.name as OpenExchange['message']

function readLeg<F>(answer: AnswerBody, rules: ExchangeRules<F>, data: RecordQueryData, today: string): Leg<F> {
  switch (answer.status) {
    case 'answered': return rules.read(answer.province, answer, data, today)
    case 'timeout': return missing('TIMEOUT')
    case 'unavailable': return missing('UNAVAILABLE')
    case 'invalid': return missing('ANSWER_INVALID')
  }
}

function withdrawn(data: RecordQueryData, rules: Pick<ExchangeRules, 'withdrawn'>, reasons: Parameters<typeof accessFaults>[0]): Conclusion {
  return { data, signals: rules.withdrawn, disclosed: [], result: { state: 'REJECTED', partial: false, faults: accessFaults(reasons) }, detail: { denied: reasons.join(' ') } }
}

function moved(state: RecordQueryState, signals: readonly Signal[]): RecordQueryState {
  const next = advance(state, ...signals)
  if (!next) throw new Error(`the table of record query has no way from ${state} by ${signals.join(', ')}`)
  return next
}

/** The steps of every province's journey, each once. With one province and its answer at hand, the pipeline's own trail is complete. */
function trailOf(exchange: OpenExchange, message: Context['message'], now: Date): { trail?: readonly Step[] } {
  const legs = Object.values(exchange.legs).flatMap(l => (l.status !== 'open' && l.trail ? [l.trail] : []))
  if (!legs.length && message.trail.length) return {}
  const steps = new Map<string, Step>()
  for (const step of [exchange.trail, ...legs, message.trail].flat()) steps.set(`${step.by} ${step.what} ${step.at} ${step.about ?? ''}`, step)
  return { trail: [...[...steps.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), ownStep(message, now)] }
}

const ownStep = (message: Context['message'], now: Date, note?: string): Step =>
  ({ by: 'medical-records', what: message.type, at: now.toISOString(), ms: Math.max(0, now.getTime() - Date.parse(message.time)), ...(note && { note }) })

const notice = (definition: ExchangeDefinition, { requester, authorization }: Asker, personKey: string, provinces: readonly string[], exchange: OpenExchange, now: Date): AccessNoticeBody => ({
  personKey, exchange: exchangeKey(definition), organization: requester.organization, purpose: authorization.purpose, provinces,
  what: exchange.documentId ? `${definition.title.zh} ${exchange.documentId}` : definition.title.zh, at: now.toISOString(),
})
