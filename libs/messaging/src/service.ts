import { childId, type Clock } from '#kernel'
import type { Logger } from '#observability'
import { EvidenceChain } from '#security'
import type { Handler } from './decision.js'
import { EffectLanes, type EffectPerformer } from './effects.js'
import { NO_EXCHANGE, type Item } from './item.js'
import { fromEnvelope, type Envelope } from './message.js'
import { isOperation, operation, operationBody } from './operations.js'
import { Pipeline, type PipelineOptions } from './pipeline.js'
import { Relay } from './relay.js'
import type { Store } from './store/store.js'
import type { Subscription, Transport } from './transport/transport.js'

export interface ServiceOptions {
  readonly name: string
  readonly topics: readonly string[]
  readonly store: Store
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly handlers: ReadonlyMap<string, Handler>
  /** Number of this process among those of the service; each writes an evidence chain of its own. */
  readonly instance?: number
  readonly effects?: { readonly performer: EffectPerformer; readonly limitOf: (lane: string) => number }
  readonly tuning?: Pick<PipelineOptions, 'retry' | 'gapMs' | 'cachedCases' | 'stateless' | 'probe'>
  /** Outputs older than this are asked about at the gateway. */
  readonly finalityMs?: number
  readonly inboxDays?: number
  /** How long `close` waits for effects under way; they are resumed by the next start. */
  readonly drainMs?: number
}

const TICK_MS = 200

/** One service at work: subscription, pipeline, relay, effects, due times, and what the gateway asks of it. */
export class MessagingService {
  readonly pipeline: Pipeline
  readonly #relay: Relay
  readonly #effects: EffectLanes | undefined
  #subscription: Subscription | undefined
  #timers: NodeJS.Timeout[] = []
  #ticking: Promise<void> | undefined

  private constructor(private readonly o: ServiceOptions, chain: EvidenceChain) {
    this.#relay = new Relay(o.transport, error => o.logger.warn({ error: (error as Error).message }, 'relay stopped'))
    this.#effects = o.effects && new EffectLanes(o.name, o.effects.performer, o.effects.limitOf, o.logger)
    this.pipeline = new Pipeline({ service: o.name, store: o.store, relay: this.#relay, clock: o.clock, logger: o.logger, chain, handlers: o.handlers, effects: this.#effects, ...o.tuning })
  }

  static async start(o: ServiceOptions): Promise<MessagingService> {
    const chainName = `${o.name}#${o.instance ?? 0}`
    const end = await o.store.chainEnd(chainName)
    const service = new MessagingService(o, new EvidenceChain(chainName, end?.n ?? 0, end?.head))
    await service.#begin()
    return service
  }

  async #begin(): Promise<void> {
    const { transport, store } = this.o
    const mine = [...this.o.topics, `tongqu.ops.${this.o.name}`]
    await transport.ensureTopics([...mine, 'tongqu.gateway', 'tongqu.dead-letters'])
    transport.onLoss?.(() => this.#leftovers())
    // what a former process committed but may not have published; receivers know the repeats
    for await (const envelopes of this.#leftovers()) this.#relay.hand(envelopes)
    await this.pipeline.refreshHeld()
    for (const effect of await store.pendingEffects()) this.pipeline.startEffect(effect)
    this.#subscription = await transport.subscribe(this.o.name, mine, batch => this.#take(batch))
    this.#timers.push(setInterval(() => { this.#ticking ??= this.#tick().finally(() => { this.#ticking = undefined }) }, TICK_MS), setInterval(() => void this.#askFinality(), this.o.finalityMs ?? 3000), setInterval(() => void this.#trim(), 3_600_000))
    for (const t of this.#timers) t.unref()
  }

  /** All outputs of exchanges that are not final, in their order. */
  async *#leftovers(): AsyncGenerator<readonly Envelope[]> {
    for (let n = 0n; ;) {
      const { envelopes, lastN } = await this.o.store.leftovers(n, 1000)
      yield envelopes
      if (envelopes.length < 1000) return
      n = lastN
    }
  }

  get lag(): number { return (this.#subscription?.lag() ?? 0) + this.pipeline.waiting + this.#relay.size }

  /** Takes nothing new, finishes what it took, publishes what it committed. */
  async close(): Promise<void> {
    for (const t of this.#timers) clearInterval(t)
    await this.#ticking
    await this.#subscription?.close()
    await this.#effects?.close(this.o.drainMs ?? 5000)
    await this.pipeline.drain()
    await this.#relay.close()
  }

  async #take(batch: readonly Envelope[]): Promise<void> {
    const messages: Envelope[] = []
    for (const e of batch) { if (isOperation(e)) await this.#operate(e); else messages.push(e) }
    if (messages.length) await this.pipeline.submit(messages)
  }

  async #operate(e: Envelope): Promise<void> {
    const { store } = this.o
    switch (e.headers.ce_type) {
      case 'ops.finality.tell': await store.forget(operationBody('ops.finality.tell', e).exchanges); break
      case 'ops.evidence.ask': await this.#tellEvidence(e); break
      case 'ops.replay': {
        const letter = await store.deadLetter(operationBody('ops.replay', e).deadLetterId)
        if (letter?.status === 'OPEN') await this.pipeline.submitItems([{ message: fromEnvelope(letter.envelope), origin: { kind: 'dead-letter', id: letter.id } }])
        break
      }
      default: this.o.logger.warn({ type: e.headers.ce_type }, 'operation unknown here')
    }
  }

  async #tellEvidence(e: Envelope): Promise<void> {
    const { after, askId } = operationBody('ops.evidence.ask', e)
    for (const chain of await this.o.store.chains()) {
      for (let n = after[chain] ?? 0; ;) {
        const rows = await this.o.store.evidenceAfter(chain, n, 500)
        if (!rows.length) break
        n = rows.at(-1)!.n
        this.#relay.hand([operation('ops.evidence.tell', this.o.name, 'tongqu.gateway', { service: this.o.name, askId, rows, done: false })])
      }
    }
    this.#relay.hand([operation('ops.evidence.tell', this.o.name, 'tongqu.gateway', { service: this.o.name, askId, rows: [], done: true })])
  }

  /** Fires what is due: deadlines of cases, retries, gaps that lasted too long, cases that may flow again. */
  async #tick(): Promise<void> {
    try {
      const { store, clock, name } = this.o
      const now = clock.now()
      await this.pipeline.refreshHeld()
      const due = (await store.dueCases(now, 500)).map((c): Item => ({ origin: { kind: 'local' }, message: dueMessage(name, c.caseId, c.dueAt, now) }))
      for (const p of await store.dueParked(now, 500)) due.push({ origin: { kind: 'parked', attempt: p.attempt }, message: fromEnvelope(p.envelope) })
      if (due.length) await this.pipeline.submitItems(due)
      for (const caseId of await store.drainingCases()) void this.pipeline.releaseCase(caseId)
    } catch (error) {
      this.o.logger.warn({ error: (error as Error).message }, 'due work not reached, tried again')
    }
  }

  async #askFinality(): Promise<void> {
    try {
      const exchanges = (await this.o.store.openExchanges(new Date(this.o.clock.now().getTime() - (this.o.finalityMs ?? 3000)), 5000)).filter(id => id !== NO_EXCHANGE)
      for (let i = 0; i < exchanges.length; i += 1000) this.#relay.hand([operation('ops.finality.ask', this.o.name, 'tongqu.gateway', { service: this.o.name, exchanges: exchanges.slice(i, i + 1000) })])
    } catch (error) {
      this.o.logger.warn({ error: (error as Error).message }, 'finality not asked, tried again')
    }
  }

  async #trim(): Promise<void> {
    await this.o.store.trimInbox(new Date(this.o.clock.now().getTime() - (this.o.inboxDays ?? 3) * 86_400_000)).catch(error => this.o.logger.warn({ error: (error as Error).message }, 'inbox not trimmed'))
  }
}

/** The local message that tells a case its due time has come; the same due time makes the same id. */
const dueMessage = (service: string, caseId: string, dueAt: Date, now: Date): Item['message'] => ({
  id: childId(service, 'due', caseId, dueAt.getTime()), type: `${service}.due`, source: service, caseId, key: caseId, topic: 'local', exchangeId: NO_EXCHANGE,
  time: now.toISOString(), attempt: 0, traceparent: '', versions: {}, trail: [], body: Buffer.from('{}'),
})
