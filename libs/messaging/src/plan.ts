import { childId, type Fault, type FailureCode } from '#kernel'
import { sha256Hex, type NewEvidence } from '#security'
import type { Decision, Emission } from './decision.js'
import { NO_EXCHANGE, type Item } from './item.js'
import { toEnvelope, type Envelope, type Message, type Step } from './message.js'
import type { Commit, DeadLetter, Held, ParkedMessage, PendingEffect, StoredCase } from './store/store.js'

/** What a batch will change, gathered message by message. Nothing here touches the database. */
export class Plan {
  readonly inbox: string[] = []
  readonly outbox: Envelope[] = []
  readonly facts: NewEvidence[] = []
  readonly documents: Commit['documents'][number][] = []
  readonly park: ParkedMessage[] = []
  readonly unpark: string[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly settledDeadLetters: string[] = []
  readonly effects: PendingEffect[] = []
  readonly doneEffects: string[] = []
  /** Outputs of these exchanges are sent again after the commit. */
  readonly resend = new Set<string>()
  /** Cases whose parked messages may flow after the commit. */
  readonly release = new Set<string>()
  readonly #stored: Map<string, StoredCase>
  readonly #changed = new Map<string, StoredCase>()

  constructor(readonly service: string, readonly now: Date, stored: Map<string, StoredCase>) { this.#stored = stored }

  case(caseId: string): StoredCase | undefined { return this.#changed.get(caseId) ?? this.#stored.get(caseId) }

  change(caseId: string, change: Partial<StoredCase>): StoredCase {
    const before = this.case(caseId) ?? { caseId, kind: 'new', state: 'NEW', version: 0, lastSeq: 0, held: null, parked: 0, data: null, dueAt: null }
    const after = { ...before, ...change, version: (this.#stored.get(caseId)?.version ?? 0) + 1 }
    this.#changed.set(caseId, after)
    return after
  }

  get changed(): StoredCase[] { return [...this.#changed.values()] }

  /** Counts the item as dealt with, by the rule of its origin. */
  done(item: Item): void {
    const { origin, message } = item
    if (origin.kind === 'parked') {
      this.unpark.push(message.id)
      const parked = Math.max(0, (this.case(message.caseId)?.parked ?? 1) - 1)
      const held = this.case(message.caseId)?.held ?? null
      this.change(message.caseId, { parked, held: parked === 0 && (held === 'draining' || held === 'retry' || held === 'gap') ? null : held })
    } else if (origin.kind !== 'dead-letter') this.inbox.push(message.id)
    if (origin.kind === 'local' && origin.doneEffect) this.doneEffects.push(origin.doneEffect)
  }

  /** Sets the message aside in its case until `dueAt`, or until the case flows again. */
  putAside(item: Item, reason: Held, held: Held, dueAt: Date | null, attempt: number): void {
    const { message } = item
    const before = this.case(message.caseId)
    // a message that comes from aside and goes back keeps its count
    if (item.origin.kind === 'parked') this.unpark.push(message.id)
    else if (item.origin.kind !== 'dead-letter') this.inbox.push(message.id)
    if (item.origin.kind === 'local' && item.origin.doneEffect) this.doneEffects.push(item.origin.doneEffect)
    this.change(message.caseId, { held, parked: (before?.parked ?? 0) + (item.origin.kind === 'parked' ? 0 : 1) })
    this.park.push({ id: message.id, exchangeId: message.exchangeId, caseId: message.caseId, seq: message.seq, reason, dueAt, attempt, envelope: toEnvelope(message) })
  }

  /** Sets the message down as a dead letter and holds its case; the gateway is told by a summary without content. */
  bury(item: Item, code: FailureCode, faults: readonly Fault[], held: 'blocked' | 'gap' = 'blocked'): void {
    const { message } = item
    const letter: DeadLetter = { id: message.id, exchangeId: message.exchangeId, caseId: message.caseId, type: message.type, code, faults, digest: sha256Hex(message.body), envelope: toEnvelope(message), status: 'OPEN' }
    this.done(item)
    this.deadLetters.push(letter)
    if (held === 'blocked') this.change(message.caseId, { held })
    this.facts.push({ exchangeId: message.exchangeId, caseId: message.caseId, what: 'dead-letter', digest: letter.digest, at: this.now.toISOString(), detail: { type: message.type, code } })
    this.tellDeadLetter(letter, 'OPEN', item)
  }

  tellDeadLetter(letter: Pick<DeadLetter, 'id' | 'type' | 'code' | 'faults' | 'digest' | 'exchangeId' | 'caseId'>, status: 'OPEN' | 'REPLAYED', item: Item): void {
    const { id, type, code, faults, digest, exchangeId, caseId } = letter
    this.emit(item.message, { topic: 'tongqu.dead-letters', type: 'ops.dead-letter', body: { id, service: this.service, type, code, faults, digest, exchangeId, caseId, status, at: this.now.toISOString() }, name: `dead-letter ${status} ${this.now.getTime()}` }, 0, [])
  }

  /** Everything that a decision says. */
  apply(item: Item, decision: Decision): void {
    const { message } = item
    const { next } = decision
    if (next) {
      const dueAt = next.dueAt === undefined ? (message.type === `${this.service}.due` ? null : this.case(message.caseId)?.dueAt ?? null) : next.dueAt
      this.change(message.caseId, { kind: next.kind, state: next.state, data: next.data, dueAt })
    } else if (message.type === `${this.service}.due`) this.change(message.caseId, { dueAt: null })
    const step = this.#step(message, decision)
    decision.emit?.forEach((e, i) => this.emit(message, e, i, [...message.trail, step]))
    for (const f of decision.facts ?? []) this.facts.push({ exchangeId: f.exchangeId ?? message.exchangeId, caseId: message.caseId, what: f.what, digest: f.digest ?? sha256Hex(message.body), at: this.now.toISOString(), detail: f.detail })
    decision.documents?.forEach((d, i) => this.documents.push({ id: childId(message.id, 'document', i), exchangeId: d.exchangeId ?? message.exchangeId, caseId: message.caseId, kind: d.kind, body: d.body }))
    decision.effects?.forEach((e, i) => this.effects.push({
      id: childId(message.id, 'effect', i), exchangeId: message.exchangeId, caseId: message.caseId, lane: e.lane, key: e.key, what: e.what, input: e.input,
      deadline: message.deadline, traceparent: message.traceparent, trail: JSON.stringify([...message.trail, step]), resumed: false, attempt: 1,
    }))
  }

  emit(cause: Message, e: Emission, index: number, trail: readonly Step[]): void {
    this.outbox.push(toEnvelope({
      id: childId(cause.id, e.name ?? index), type: e.type, source: this.service, caseId: e.caseId ?? cause.caseId, key: e.key ?? cause.key, topic: e.topic,
      exchangeId: e.exchangeId ?? cause.exchangeId ?? NO_EXCHANGE, time: this.now.toISOString(), deadline: e.deadline?.toISOString() ?? cause.deadline, attempt: 0,
      traceparent: cause.traceparent, versions: e.versions ?? cause.versions, trail: e.trail ?? trail, body: Buffer.from(JSON.stringify(e.body)),
    }))
  }

  #step(message: Message, decision: Decision): Step {
    const note = decision.step?.note ?? (decision.outcome.kind === 'rejected' || decision.outcome.kind === 'needs-review' ? decision.outcome.reason : undefined)
    return { by: this.service, what: decision.step?.what ?? message.type, at: this.now.toISOString(), ms: Math.max(0, this.now.getTime() - Date.parse(message.time)), ...(note && { note }) }
  }
}
