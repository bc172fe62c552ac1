import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { ManualClock, newId, type Clock, type Fault } from '#kernel'
import { silentLogger } from '#observability'
import type { Provinces } from '#provinces'
import type { Settings } from '#runtime'
import { ANY, Authenticator, createKey, type EvidenceRow, type ParticipantRole, type Right, type StoredKey } from '#security'
import type { Accepted, ExchangeRecord, ExchangeState, ExchangeStore, Intake } from '../exchanges/exchange-store.js'
import { Drain } from '../http/drain.js'
import type { Edge } from '../http/edge.js'
import { createHttpApp } from '../http/http-app.js'
import type { InboxAnswer, InboxItem, InboxStore } from '../inbox/inbox-store.js'
import { PullInbox } from '../inbox/pull-inbox.js'
import type { DeadLetterRecord, OperationsStore, OperatorAction } from '../operations/operations-store.js'
import type { Envelope } from '#messaging'

export const LIMITS: Settings['limits'] = { bodyBytes: 1 << 20, depth: 40, ratePerSecond: 1000, backlog: 100 }

/** The record in memory, with the same refusals as on PostgreSQL. A test ends exchanges itself. */
export class MemoryExchangeStore implements ExchangeStore {
  readonly intakes = new Map<string, Intake>()
  readonly #records = new Map<string, ExchangeRecord>()
  readonly #replies = new Map<string, { schema: string; canonical: unknown }>()
  readonly #waiters = new Map<string, (() => void)[]>()
  /** Called with each intake once it is in the record. */
  onAccepted: (intake: Intake) => void = () => undefined

  accept(intake: Intake): Promise<Accepted> {
    const earlier = [...this.intakes.values()].find(i => intake.idempotencyKey !== undefined && i.participantId === intake.participantId && i.idempotencyKey === intake.idempotencyKey)
    if (earlier) return Promise.resolve(earlier.digest === intake.digest ? { kind: 'replayed', id: earlier.id } : { kind: 'conflict' })
    const siblings = [...this.intakes.values()].filter(i => i.caseId === intake.caseId)
    if (siblings.some(i => i.participantId !== intake.participantId)) return Promise.resolve({ kind: 'foreign-case' })
    if (intake.seq !== undefined && siblings.some(i => this.#records.get(i.id)!.seq === intake.seq)) return Promise.resolve({ kind: 'sequence-taken' })
    const seq = intake.seq ?? siblings.length + 1
    this.intakes.set(intake.id, intake)
    this.#records.set(intake.id, { ...intake, receivedAt: intake.receivedAt.toISOString(), seq, state: 'OPEN', partial: false, attempt: 0, steps: [], faults: [] })
    this.onAccepted(intake)
    return Promise.resolve({ kind: 'accepted', id: intake.id, seq })
  }

  end(id: string, state: ExchangeState, { partial = false, schema, reply, faults = [] }: { partial?: boolean; schema?: string; reply?: unknown; faults?: readonly Fault[] } = {}): void {
    this.#records.set(id, { ...this.#records.get(id)!, state, partial, faults, replySchema: schema })
    if (schema !== undefined) this.#replies.set(id, { schema, canonical: reply })
    for (const wake of this.#waiters.get(id) ?? []) wake()
  }

  get(id: string): Promise<ExchangeRecord | undefined> {
    const record = this.#records.get(id)
    // what the record keeps of the intake beside its own members stays inside
    return Promise.resolve(record && JSON.parse(JSON.stringify(record, (name, value: unknown) => (['original', 'canonical', 'key', 'idempotencyKey', 'organizationCode', 'contentType'].includes(name) ? undefined : value))) as ExchangeRecord)
  }
  async waitFor(id: string, ms: number): Promise<ExchangeRecord | undefined> {
    const final = (): boolean => !['OPEN', 'BLOCKED'].includes(this.#records.get(id)!.state)
    if (!final()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms).unref()
      this.#waiters.set(id, [...(this.#waiters.get(id) ?? []), resolve])
      await promise
      clearTimeout(timer)
    }
    return final() ? this.get(id) : undefined
  }
  reply(id: string): Promise<{ schema: string; canonical: unknown } | undefined> { return Promise.resolve(this.#replies.get(id)) }
  original(id: string): Promise<{ bytes: Buffer; contentType: string } | undefined> {
    const intake = this.intakes.get(id)
    return Promise.resolve(intake && { bytes: intake.original, contentType: intake.contentType })
  }
  open = 0
  backlog(): number { return this.open }
}

export class MemoryInboxStore implements InboxStore {
  readonly items = new Map<string, InboxItem>()
  add(item: InboxItem): Promise<void> { if (!this.items.has(item.id)) this.items.set(item.id, item); return Promise.resolve() }
  get(id: string): Promise<InboxItem | undefined> { return Promise.resolve(this.items.get(id)) }
  waiting(province: string, now: Date, limit: number): Promise<readonly InboxItem[]> {
    return Promise.resolve([...this.items.values()].filter(i => i.province === province && !i.acknowledgedAt && !i.answer && (!i.deadline || i.deadline > now)).slice(0, limit))
  }
  acknowledge(id: string, at: Date): Promise<void> { this.items.set(id, { ...this.items.get(id)!, acknowledgedAt: at }); return Promise.resolve() }
  answer(id: string, answer: InboxAnswer): Promise<InboxAnswer> {
    const item = this.items.get(id)!
    this.items.set(id, { ...item, answer: item.answer ?? answer })
    return Promise.resolve(item.answer ?? answer)
  }
}

export class MemoryOperations implements OperationsStore {
  readonly actions: OperatorAction[] = []
  readonly letters: DeadLetterRecord[] = []
  readonly replayed: { id: string; by: string }[] = []
  readonly evidenceRows: EvidenceRow[] = []
  deadLetters({ status }: { status?: string }): Promise<DeadLetterRecord[]> { return Promise.resolve(this.letters.filter(l => status === undefined || l.status === status)) }
  deadLetter(id: string): Promise<DeadLetterRecord | undefined> { return Promise.resolve(this.letters.find(l => l.id === id)) }
  replay({ id }: DeadLetterRecord, by: string): Promise<void> { this.replayed.push({ id, by }); return Promise.resolve() }
  evidence(): Promise<{ missing: string[]; rows: AsyncIterable<EvidenceRow> }> {
    const rows = this.evidenceRows
    return Promise.resolve({ missing: ['connector'], rows: (async function* () { yield* rows })() })
  }
  accessNotices(): Promise<[]> { return Promise.resolve([]) }
  exchanges(): Promise<[]> { return Promise.resolve([]) }
  ended(): { COMPLETED: number } { return { COMPLETED: 3 } }
  audit(action: OperatorAction): Promise<void> { this.actions.push(action); return Promise.resolve() }
}

export const EVERYTHING: readonly Right[] = [{ exchange: ANY, province: ANY, purposes: [ANY] }]

/** Participants and keys in memory. */
export class MemoryKeys {
  readonly #keys = new Map<string, StoredKey>()
  readonly authenticator: Authenticator
  constructor(private readonly clock: Clock) { this.authenticator = new Authenticator(id => Promise.resolve(this.#keys.get(id)), clock) }

  issue(who: { id: string; province: string | null; role: ParticipantRole; rights?: readonly Right[] }): string {
    const { id, key, secretHash } = createKey()
    this.#keys.set(id, { secretHash, expiresAt: null, revokedAt: null, active: true, principal: { nameZh: who.id, nameEn: who.id, organizationCode: '488250168', rights: EVERYTHING, ...who } })
    return key
  }
  revoke(key: string): void {
    const id = key.split('_')[1]!
    this.#keys.set(id, { ...this.#keys.get(id)!, revokedAt: this.clock.now() })
    this.authenticator.forget()
  }
}

/** The HTTP edge on doubles; the provinces are the real ones unless a test brings its own. */
export class EdgeBench {
  readonly clock = new ManualClock('2026-11-24T08:00:00Z')
  readonly exchanges = new MemoryExchangeStore()
  readonly keys = new MemoryKeys(this.clock)
  readonly operations = new MemoryOperations()
  readonly inboxStore = new MemoryInboxStore()
  readonly emitted: Envelope[] = []
  readonly drain = new Drain()
  readonly inbox: PullInbox
  app: NestFastifyApplication
  up = true

  constructor(readonly provinces: Provinces, private readonly limits: Partial<Settings['limits']> = {}) {
    this.inbox = new PullInbox(this.inboxStore, provinces, { now: () => new Date() }, answers => { this.emitted.push(...answers) })
  }

  static async start(provinces: Provinces, limits: Partial<Settings['limits']> = {}): Promise<EdgeBench> {
    const bench = new EdgeBench(provinces, limits)
    const edge: Edge = {
      limits: { ...LIMITS, ...limits }, clock: bench.clock, logger: silentLogger, provinces, participants: bench.keys as unknown as Edge['participants'],
      exchanges: bench.exchanges, inbox: bench.inbox, operations: bench.operations, drain: bench.drain, ready: () => Promise.resolve(bench.up),
    }
    bench.app = await createHttpApp(edge)
    await bench.app.init()
    await bench.app.getHttpAdapter().getInstance().ready()
    return bench
  }

  close(): Promise<void> { return this.app.close() }
}

/** An id for a case that nobody opened yet. */
export const newCase = (): string => newId()
