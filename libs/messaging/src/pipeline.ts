import { setTimeout as pause } from 'node:timers/promises'
import { Failure, fault, type Clock, type FailureCode, type Fault } from '#kernel'
import type { Logger } from '#observability'
import { EvidenceChain, sha256Hex } from '#security'
import { Batcher } from './batcher.js'
import type { Handler } from './decision.js'
import type { EffectLanes } from './effects.js'
import type { Item } from './item.js'
import { fromEnvelope, type Envelope, type Message, type Step } from './message.js'
import { operation } from './operations.js'
import { Plan } from './plan.js'
import type { Relay } from './relay.js'
import { KnownMessage, StaleState, type Commit, type PendingEffect, type Store, type StoredCase } from './store/store.js'

export interface PipelineOptions {
  /** `medical-records` */
  readonly service: string
  readonly store: Store
  readonly relay: Relay
  readonly clock: Clock
  readonly logger: Logger
  readonly chain: EvidenceChain
  readonly handlers: ReadonlyMap<string, Handler>
  readonly effects?: EffectLanes
  /** Retry lane of a case: pause before attempt n + 1, and how often before the message is a dead letter. */
  readonly retry?: { readonly pauseMs: (attempt: number) => number; readonly attempts: number }
  /** How long a case waits for a missing message before the waiting ones become dead letters. */
  readonly gapMs?: number
  /** True for a service whose handlers keep no case: then only cases that are held have rows, and no others are looked up. */
  readonly stateless?: boolean
  /** Cases kept in memory; a stale one is noticed at the commit. */
  readonly cachedCases?: number
  /** Called between the steps; a test makes it stop the world. */
  readonly probe?: (point: 'taken' | 'decided' | 'committed' | 'handed') => void | Promise<void>
}

const RETRY = { pauseMs: (attempt: number) => Math.min(60_000, 250 * 2 ** attempt) * (0.5 + Math.random() / 2), attempts: 8 }

/**
 * The list every message passes: read → deduplicate → order → decide → record → commit → emit. One batch is what gathered while the one
 * before was committed; all it changes is one transaction. Handlers never see the broker, the database or each other.
 */
export class Pipeline {
  readonly #batcher: Batcher<Item>
  readonly #cache = new Map<string, StoredCase>()
  readonly #releasing = new Set<string>()
  #held: ReadonlySet<string> = new Set()
  #draining = false

  constructor(private readonly o: PipelineOptions) { this.#batcher = new Batcher(items => this.#process(items)) }

  /** Resolves when everything in it is in effect; rejects only when the infrastructure fails, then nothing of it is. */
  async submit(envelopes: readonly Envelope[]): Promise<void> {
    const items: Item[] = []
    for (const e of envelopes) {
      const message = this.#read(e)
      if (message) items.push({ message, origin: { kind: 'transport' } })
    }
    await this.submitItems(items)
  }

  async submitItems(items: readonly Item[]): Promise<void> { await Promise.all(items.map(i => this.#batcher.push(i))) }

  async drain(): Promise<void> {
    this.#draining = true
    await this.#batcher.drain()
  }
  get waiting(): number { return this.#batcher.size }

  #read(e: Envelope): Message | undefined {
    try {
      return fromEnvelope(e)
    } catch (error) {
      // nothing of ours sends such a thing: there is no case to block and nobody to tell but the operator
      this.o.logger.error({ topic: e.topic, digest: sha256Hex(e.body), reason: (error as Error).message }, 'unreadable message dropped')
      return undefined
    }
  }

  async #process(items: Item[]): Promise<void> {
    await this.o.probe?.('taken')
    let known = items.some(i => i.message.attempt > 0) ? await this.#known(items) : new Set<string>()
    for (let round = 1; ; round++) {
      const plan = await this.#decide(items, known)
      await this.o.probe?.('decided')
      const evidence = this.o.chain.draw(plan.facts)
      try {
        const cases = plan.changed
        await this.#commit({ ...plan, cases, evidence, inbox: plan.inbox })
        this.o.chain.adopt(evidence)
        for (const c of cases) this.#remember(c)
        await this.o.probe?.('committed')
        await this.#after(plan)
        return
      } catch (error) {
        if (round >= 5 || !(error instanceof KnownMessage || error instanceof StaleState)) throw error
        for (const i of items) this.#cache.delete(i.message.caseId)
        await this.refreshHeld()
        known = await this.#known(items)
        if (error instanceof StaleState) { await this.#adoptChain(); items = await this.#stillParked(items) }
      }
    }
  }

  /** Commits; when the answer is lost, looks whether it happened: what follows from it is known in this process alone. */
  async #commit(c: Commit): Promise<void> {
    try {
      await this.o.store.commit(c)
    } catch (error) {
      if (error instanceof KnownMessage || error instanceof StaleState || !await this.#happened(c)) throw error
      this.o.logger.info({ messages: c.inbox.length }, 'the database had committed before it went away')
    }
  }

  /** Asks until the database answers; while it is away there is nothing else to be done, except to end. */
  async #happened({ inbox, evidence, unpark }: Commit): Promise<boolean> {
    const last = evidence.at(-1)
    for (let attempt = 1; !this.#draining; attempt++) {
      try {
        if (inbox.length) return (await this.o.store.known(inbox.slice(0, 1))).size > 0
        if (last) return (await this.o.store.chainEnd(last.chain))?.head === last.hash
        return unpark.length > 0 && !(await this.o.store.stillParked(unpark)).size
      } catch { await pause(Math.min(1000, 50 * 2 ** attempt)) }
    }
    return false
  }

  async #known(items: readonly Item[]): Promise<Set<string>> {
    return this.o.store.known(items.filter(i => i.origin.kind === 'transport' || i.origin.kind === 'local').map(i => i.message.id))
  }

  /** Without the parked messages that somebody else has taken out meanwhile. */
  async #stillParked(items: Item[]): Promise<Item[]> {
    const parked = items.filter(i => i.origin.kind === 'parked').map(i => i.message.id)
    if (!parked.length) return items
    const still = await this.o.store.stillParked(parked)
    return items.filter(i => i.origin.kind !== 'parked' || still.has(i.message.id))
  }

  async #adoptChain(): Promise<void> {
    const end = await this.o.store.chainEnd(this.o.chain.name)
    if (end) this.o.chain.adopt([{ n: end.n, hash: end.head } as never])
  }

  async #decide(items: readonly Item[], known: ReadonlySet<string>): Promise<Plan> {
    const plan = new Plan(this.o.service, this.o.clock.now(), await this.#load(items))
    const seen = new Set<string>()
    for (const item of items) {
      const { id, attempt, exchangeId } = item.message
      if ((known.has(id) && item.origin.kind !== 'parked' && item.origin.kind !== 'dead-letter') || seen.has(id)) {
        // known already; emitted again means that somebody waits: what came of it is sent again
        if (attempt > 0) plan.resend.add(exchangeId)
        if (item.origin.kind === 'local' && item.origin.doneEffect) plan.doneEffects.push(item.origin.doneEffect)
        continue
      }
      seen.add(id)
      if (this.#inOrder(plan, item)) await this.#handle(plan, item)
    }
    return plan
  }

  async #load(items: readonly Item[]): Promise<Map<string, StoredCase>> {
    const cases = new Map<string, StoredCase>()
    const missing = new Set<string>()
    for (const { message: { caseId } } of items) {
      const cached = this.#cache.get(caseId)
      if (cached) cases.set(caseId, cached)
      else if (!this.o.stateless || this.#held.has(caseId)) missing.add(caseId)
    }
    if (missing.size) for (const c of await this.o.store.cases([...missing])) cases.set(c.caseId, c)
    return cases
  }

  /** Which cases are held, as the store knows it now; another process of the service may have held them. */
  async refreshHeld(): Promise<void> { if (this.o.stateless) this.#held = new Set(await this.o.store.heldCases()) }

  #remember(c: StoredCase): void {
    this.#cache.delete(c.caseId)
    this.#cache.set(c.caseId, c)
    if (this.#cache.size > (this.o.cachedCases ?? 5000)) this.#cache.delete(this.#cache.keys().next().value!)
  }

  /** True when it is this message's turn; else it has been set aside or dropped. */
  #inOrder(plan: Plan, item: Item): boolean {
    const { message, origin } = item
    const state = plan.case(message.caseId)
    const held = state?.held ?? null
    const released = origin.kind === 'parked' || origin.kind === 'dead-letter'
    if (held !== null && held !== 'gap' && !released) { plan.putAside(item, held, held, null, 0); return false }
    if (message.seq === undefined || origin.kind === 'dead-letter') return true
    const expected = (state?.lastSeq ?? 0) + 1
    if (message.seq > expected && origin.kind === 'parked') {
      // it has waited as long as it may; an operator decides, and the case still takes the missing message if it comes
      plan.bury(item, 'SEQUENCE_GAP', [fault('SEQUENCE_GAP', 'Tongqu-Sequence', { zh: `缺第 ${expected} 条`, en: `message ${expected} is missing` })], 'gap')
      return false
    }
    if (message.seq > expected) {
      plan.putAside(item, 'gap', held ?? 'gap', new Date(plan.now.getTime() + (this.o.gapMs ?? 60_000)), 0)
      return false
    }
    if (message.seq < expected) {
      plan.done(item)
      plan.facts.push({ exchangeId: message.exchangeId, caseId: message.caseId, what: 'sequence-passed', digest: sha256Hex(message.body), at: plan.now.toISOString(), detail: { seq: message.seq, expected } })
      return false
    }
    return true
  }

  async #handle(plan: Plan, item: Item): Promise<void> {
    const { message, origin } = item
    const handler = this.o.handlers.get(message.type)
    try {
      if (!handler) throw new Failure('HANDLER_MISSING', [fault('HANDLER_MISSING', message.type)])
      const state = plan.case(message.caseId)
      const decision = await handler({ message, body: JSON.parse(message.body.toString()), case: state && state.version > 0 && state.kind !== 'new' ? state : undefined, now: plan.now })
      plan.done(item)
      plan.apply(item, decision)
      if (message.seq !== undefined && message.seq > (plan.case(message.caseId)?.lastSeq ?? 0)) plan.change(message.caseId, { lastSeq: message.seq })
      this.#settle(plan, item)
    } catch (error) {
      if (error instanceof Failure && error.retryable) {
        const attempt = origin.kind === 'parked' ? origin.attempt + 1 : 1
        const { attempts, pauseMs } = this.o.retry ?? RETRY
        if (attempt < attempts) { plan.putAside(item, 'retry', 'retry', new Date(plan.now.getTime() + pauseMs(attempt)), attempt); return }
      }
      this.#bury(plan, item, error)
    }
  }

  #bury(plan: Plan, item: Item, error: unknown): void {
    const code: FailureCode = error instanceof Failure ? error.code : 'INTERNAL'
    const faults: readonly Fault[] = error instanceof Failure && error.faults.length ? error.faults : [fault(code, item.message.type)]
    if (!(error instanceof Failure)) this.o.logger.error({ type: item.message.type, id: item.message.id, exchange: item.message.exchangeId, error: (error as Error).name, stack: stackWithoutMessage(error) }, 'handler failed')
    plan.bury(item, code, faults)
  }

  /** After a success: the case that waited for this message flows again. */
  #settle(plan: Plan, item: Item): void {
    const { caseId } = item.message
    const state = plan.case(caseId)
    if (item.origin.kind === 'dead-letter') {
      plan.settledDeadLetters.push(item.origin.id)
      plan.tellDeadLetter({ ...item.message, code: 'CASE_BLOCKED', faults: [], digest: sha256Hex(item.message.body) }, 'REPLAYED', item)
      plan.change(caseId, { held: (state?.parked ?? 0) > 0 ? 'draining' : null })
    }
    if (item.origin.kind === 'parked' && state?.held === 'retry') plan.change(caseId, { held: state.parked > 0 ? 'draining' : null })
    const after = plan.case(caseId)
    if (after && after.parked > 0 && (after.held === 'draining' || after.held === 'gap')) plan.release.add(caseId)
  }

  async #after(plan: Plan): Promise<void> {
    this.o.relay.hand(plan.outbox)
    await this.o.probe?.('handed')
    for (const effect of plan.effects) this.startEffect(effect)
    for (const caseId of plan.release) void this.releaseCase(caseId)
    // last, for the database may be away meanwhile
    if (plan.resend.size) await this.#sendAgain([...plan.resend])
  }

  /** What came of these exchanges here goes out once more, with word to the gateway of how far that was. */
  async #sendAgain(exchanges: readonly string[]): Promise<void> {
    const outputs = await this.o.store.outputs(exchanges)
    const steps = new Map<string, Step[]>()
    for (const e of outputs) {
      const trail = JSON.parse(e.headers.tq_trail ?? '[]') as Step[]
      if (trail.length > (steps.get(e.headers.tq_exchange!)?.length ?? 0)) steps.set(e.headers.tq_exchange!, trail)
    }
    const progress = [...steps].map(([exchangeId, list]) => operation('ops.progress', this.o.service, 'tongqu.gateway', { exchangeId, steps: list }))
    this.o.relay.hand([...outputs.map(again), ...progress])
  }

  startEffect(effect: PendingEffect): void {
    if (!this.o.effects) throw new Error(`${this.o.service} has no performer for effects`)
    this.o.effects.start(effect, item => this.submitItems([item]))
  }

  /** Lets the parked messages of a case through, in order, as far as they may go. */
  async releaseCase(caseId: string): Promise<void> {
    if (this.#releasing.has(caseId)) return
    this.#releasing.add(caseId)
    try {
      const parked = await this.o.store.parkedOf(caseId, 500)
      const items = parked.filter(p => p.reason !== 'retry' || !p.dueAt || p.dueAt <= this.o.clock.now())
        .map(p => ({ message: fromEnvelope(p.envelope), origin: { kind: 'parked', attempt: p.attempt } as const }))
      for (const item of items) {
        const state = this.#cache.get(caseId)
        // one by one: a message that goes back aside or is buried holds those behind it
        if (state && state.held !== 'draining' && state.held !== 'gap') return
        if (item.message.seq !== undefined && state && item.message.seq > state.lastSeq + 1) return
        await this.submitItems([item])
      }
    } catch (error) {
      this.o.logger.warn({ case: caseId, error: (error as Error).message }, 'release of a case failed, tried again later')
    } finally {
      this.#releasing.delete(caseId)
    }
  }
}

/** The same message, marked as emitted again, so that its receiver answers even if it knows it. */
export const again = (e: Envelope): Envelope => ({ ...e, headers: { ...e.headers, tq_attempt: String(Number(e.headers.tq_attempt ?? 0) + 1) } })
const stackWithoutMessage = (error: unknown): string | undefined => (error as Error).stack?.split('\n').filter(l => l.startsWith('    at ')).slice(0, 6).join('\n')
