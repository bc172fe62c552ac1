import { setTimeout as sleep } from 'node:timers/promises'
import type { DataSource } from 'typeorm'
import { completed, Failure, fault, newId, systemClock } from '#kernel'
import {
  again, MessagingService, MessagingTables1763900000000, PgStore, toEnvelope,
  type Decision, type Envelope, type Handler, type OnBatch, type PipelineOptions, type Store, type Subscription, type Transport,
} from '#messaging'
import { silentLogger } from '#observability'
import { openDataSource, poolOf } from '#persistence'
import { Sealer } from '#security'
import { check, type History } from './checkers.js'
import { until } from './envelopes.js'

export type CrashPoint = Parameters<NonNullable<PipelineOptions['probe']>>[0]

export interface WorldOptions {
  readonly databaseUrl: string
  readonly transport: () => Transport
  /** A crash takes the transport along, with all that it held. */
  readonly transportDies?: boolean
  /** Sabotage: what a process sees of its store. */
  readonly store?: (store: Store) => Store
}

interface Seen { readonly seen: readonly string[] }

/**
 * A service that remembers in its case what it is told and tells it on, over a real PostgreSQL; a sender that says again what got no
 * answer, as the gateway does; and a reader of what comes out. Processes of the service can be started, and crashed between any two steps.
 */
export class World {
  readonly name = `contract-${newId().slice(-12)}`
  readonly topic = `${this.name}.numbers`
  readonly toldTopic = `${this.name}.told`
  readonly told: Envelope[] = []
  readonly poison = new Set<string>()
  readonly transient = new Set<string>()
  /** How long a commit takes beyond what it takes. */
  commitMs = 0
  /** How long the reader takes for a batch. */
  readMs = 0
  readonly processes: Process[] = []
  #transport: Transport
  #dataSource!: DataSource
  readonly #sent: Envelope[] = []

  private constructor(private readonly options: WorldOptions) { this.#transport = options.transport() }

  static async begin(options: WorldOptions): Promise<World> {
    const world = new World(options)
    world.#dataSource = await openDataSource({ url: options.databaseUrl, service: world.name, migrations: [MessagingTables1763900000000], poolSize: 6 })
    await world.#read()
    return world
  }

  get store(): Store { return new PgStore(poolOf(this.#dataSource), new Sealer(Buffer.alloc(32, 7))) }

  /** Starts a process of the service; with `crash` it dies at the nth time that it passes the point. */
  async start(instance = 0, crash?: { readonly at: CrashPoint; readonly nth: number }): Promise<Process> {
    const process = new Process(this.#transport, this.options.store?.(this.#slow(this.store)) ?? this.#slow(this.store), crash)
    process.service = await MessagingService.start({
      name: this.name, topics: [this.topic], store: process.store, transport: process, clock: systemClock, logger: silentLogger, instance,
      handlers: new Map<string, Handler>([['say', this.#handler as Handler]]),
      tuning: { retry: { pauseMs: () => 50, attempts: 100 }, probe: (point) => process.pass(point) }, drainMs: 100,
    })
    this.processes.push(process)
    return process
  }

  /** After a crash: the dead process gives up its place, and a new one starts on what the database knows. */
  async recover(dead: Process, instance = 0): Promise<Process> {
    await dead.gone
    if (this.options.transportDies) {
      await this.#transport.close()
      this.#transport = this.options.transport()
      await this.#read()
    }
    return this.start(instance)
  }

  /** `count` messages over `cases` cases, each case counting from 1. */
  messages(count: number, cases: number, withSeq = true): Envelope[] {
    return Array.from({ length: count }, (_, i) => this.say(`case-${i % cases}`, String(Math.floor(i / cases) + 1), withSeq ? Math.floor(i / cases) + 1 : undefined))
  }

  say(caseId: string, text: string, seq?: number): Envelope {
    return toEnvelope({
      id: newId(), type: 'say', source: 'test', caseId, key: caseId, topic: this.topic, exchangeId: newId(), time: new Date().toISOString(), seq,
      attempt: 0, traceparent: '', versions: {}, trail: [], body: Buffer.from(JSON.stringify({ text })),
    })
  }

  /** From here on these must have come into effect, in this order. */
  expect(messages: readonly Envelope[]): void { this.#sent.push(...messages) }

  /** `chunk` at a time, with a pause between two, so that they make many batches. */
  async send(messages: readonly Envelope[], chunk = messages.length, pauseMs = 0): Promise<void> {
    this.expect(messages)
    for (let i = 0; i < messages.length; i += chunk) {
      await this.publish(messages.slice(i, i + chunk))
      if (pauseMs) await sleep(pauseMs)
    }
  }

  /** Without counting it as sent: for redeliveries and commands. A transport that dies meanwhile has lost it. */
  async publish(envelopes: readonly Envelope[]): Promise<void> {
    await this.#transport.publish(envelopes).catch((error: unknown) => {
      if (!(error instanceof Failure && this.options.transportDies)) throw error
    })
  }

  /** Says again, in order, whatever brought nothing about, until everything that was sent has come out. */
  async settle(sent = this.#sent, withinMs = 60_000): Promise<void> {
    let waited = 0
    await until('everything came out', async () => {
      const answered = new Set(this.told.map((e) => e.headers.tq_exchange))
      const open = sent.filter((e) => !answered.has(e.headers.tq_exchange))
      if (open.length && (waited += 50) % 2000 === 0) await this.publish(open.map(again))
      if (open.length) await sleep(50)
      return open.length === 0
    }, withinMs)
  }

  async history(): Promise<History> {
    const { store } = this
    const sent = this.#sent.map((e) => ({ caseId: e.key, text: textOf(e) }))
    const cases = await store.cases([...new Set(sent.map(({ caseId }) => caseId))])
    const evidence = []
    for (const chain of await store.chains()) evidence.push(...await store.evidenceAfter(chain, 0, 1_000_000))
    return { sent, told: this.told, evidence, seen: new Map(cases.map((c) => [c.caseId, (c.data as Seen).seen])) }
  }

  async faults(): Promise<string[]> { return check(await this.history()) }

  async end(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.close()))
    await this.#transport.close()
    await this.#dataSource.destroy()
  }

  async #read(): Promise<void> {
    await this.#transport.ensureTopics([this.topic, this.toldTopic])
    await this.#transport.subscribe(`${this.name}.reader`, [this.toldTopic], async (batch) => { await sleep(this.readMs); this.told.push(...batch) })
  }

  readonly #handler: Handler<Seen> = ({ body, case: before }): Decision<Seen> => {
    const { text } = body as { text: string }
    if (this.transient.has(text)) throw new Failure('TARGET_UNAVAILABLE')
    if (this.poison.has(text)) throw new Failure('FIELD_INVALID', [fault('FIELD_INVALID', '/text')])
    return {
      outcome: completed, next: { kind: 'counter', state: 'COUNTED', data: { seen: [...before?.data.seen ?? [], text] } },
      emit: [{ topic: this.toldTopic, type: 'told', body: { text } }], facts: [{ what: 'counted' }],
    }
  }

  #slow(store: Store): Store {
    return overriding(store, { commit: async (commit) => { if (this.commitMs) await sleep(this.commitMs); return store.commit(commit) } })
  }
}

export const textOf = (e: Envelope): string => (JSON.parse(e.body.toString()) as { text: string }).text

/** The same store, some of it done otherwise. */
export const overriding = (store: Store, methods: Partial<Store>): Store => new Proxy(store, {
  get: (target, name) => {
    const own = methods[name as keyof Store]
    return own ?? (target[name as keyof Store] as (...args: never[]) => unknown).bind(target)
  },
})

/** What a process sees of the transport and the store. Once it has crashed it can reach neither: it neither finishes nor answers anything. */
export class Process implements Transport {
  service: MessagingService | undefined
  readonly store: Store
  readonly #died = Promise.withResolvers<void>()
  #dead = false
  #passed = 0
  /** Ends the batch under way for the transport, as a lost connection would. */
  #cut: () => void = () => {}
  readonly #subscriptions: Subscription[] = []
  /** Resolves when it has crashed and the transport knows. */
  readonly gone: Promise<void> = this.#died.promise

  constructor(private readonly transport: Transport, store: Store, private readonly plan?: { readonly at: CrashPoint; readonly nth: number }) {
    this.store = new Proxy(store, {
      get: (target, name) => (...args: never[]) => this.#dead ? NEVER : (target[name as keyof Store] as (...args: never[]) => unknown).apply(target, args),
    })
  }

  pass(point: CrashPoint): Promise<void> | void {
    if (this.#dead) return NEVER
    if (point !== this.plan?.at || ++this.#passed !== this.plan.nth) return
    void this.crash()
    return NEVER
  }

  async crash(): Promise<void> {
    this.#dead = true
    this.#cut()
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()))
    this.#died.resolve()
  }

  ensureTopics(topics: readonly string[]): Promise<void> { return this.transport.ensureTopics(topics) }

  publish(envelopes: readonly Envelope[]): Promise<void> { return this.#dead ? NEVER : this.transport.publish(envelopes) }

  async subscribe(group: string, topics: readonly string[], onBatch: OnBatch): Promise<Subscription> {
    const crashed = new Promise<never>((_, reject) => { this.#cut = () => reject(new Error('crashed')) })
    crashed.catch(() => {})
    const subscription = await this.transport.subscribe(group, topics, (batch) => Promise.race([onBatch(batch), crashed]))
    this.#subscriptions.push(subscription)
    return subscription
  }

  async close(): Promise<void> { if (!this.#dead) await this.service?.close() }
}

/** What a dead process waits for. */
const NEVER = new Promise<never>(() => {})
