import { KnownMessage, StaleState, type Commit, type DeadLetter, type Envelope, type ParkedMessage, type PendingEffect, type Store, type StoredCase } from '#messaging'
import type { EvidenceRow } from '#security'

/** The store in memory, for rules under simulation: same refusals as PostgreSQL, all or nothing, and it outlives the "process" using it. */
export class MemoryStore implements Store {
  readonly inbox = new Map<string, number>()
  readonly caseRows = new Map<string, StoredCase>()
  readonly outbox: { n: bigint; envelope: Envelope; at: number }[] = []
  readonly evidence: EvidenceRow[] = []
  readonly documents: Commit['documents'][number][] = []
  readonly parked: ParkedMessage[] = []
  readonly deadLetters = new Map<string, DeadLetter>()
  readonly effects = new Map<string, PendingEffect>()
  #n = 0n

  constructor(private readonly nowMs: () => number = Date.now) {}

  commit(c: Commit): Promise<void> {
    if (c.inbox.some(id => this.inbox.has(id)) || new Set(c.inbox).size < c.inbox.length) return Promise.reject(new KnownMessage())
    const stale = c.cases.find(k => (this.caseRows.get(k.caseId)?.version ?? 0) !== k.version - 1)
    if (stale) return Promise.reject(new StaleState('case changed meanwhile'))
    if (c.unpark.some(id => !this.parked.some(p => p.id === id))) return Promise.reject(new StaleState('parked message changed meanwhile'))
    if (c.evidence.some(e => this.evidence.some(x => x.chain === e.chain && x.n === e.n))) return Promise.reject(new StaleState('chain changed meanwhile'))
    for (const id of c.inbox) this.inbox.set(id, this.nowMs())
    // stored as text, as a database would: nothing is shared with the handler that made it
    for (const k of c.cases) this.caseRows.set(k.caseId, { ...k, data: structuredClone(k.data) })
    for (const envelope of c.outbox) this.outbox.push({ n: ++this.#n, envelope, at: this.nowMs() })
    this.evidence.push(...c.evidence)
    this.documents.push(...c.documents)
    for (const id of c.unpark) this.parked.splice(this.parked.findIndex(p => p.id === id), 1)
    this.parked.push(...c.park)
    for (const l of c.deadLetters) this.deadLetters.set(l.id, l)
    for (const id of c.settledDeadLetters) this.deadLetters.set(id, { ...this.deadLetters.get(id)!, status: 'REPLAYED' })
    for (const e of c.effects) this.effects.set(e.id, e)
    for (const id of c.doneEffects) this.effects.delete(id)
    return Promise.resolve()
  }

  cases(ids: readonly string[]): Promise<StoredCase[]> {
    return Promise.resolve(ids.flatMap(id => { const c = this.caseRows.get(id); return c ? [{ ...c, data: structuredClone(c.data) }] : [] }))
  }
  known(ids: readonly string[]): Promise<Set<string>> { return Promise.resolve(new Set(ids.filter(id => this.inbox.has(id)))) }
  outputs(exchangeIds: readonly string[]): Promise<Envelope[]> { return Promise.resolve(this.outbox.map(o => o.envelope).filter(e => exchangeIds.includes(e.headers.tq_exchange!))) }
  leftovers(afterN: bigint, limit: number): Promise<{ envelopes: Envelope[]; lastN: bigint }> {
    const rows = this.outbox.filter(o => o.n > afterN).slice(0, limit)
    return Promise.resolve({ envelopes: rows.map(o => o.envelope), lastN: rows.at(-1)?.n ?? afterN })
  }
  pendingEffects(): Promise<PendingEffect[]> { return Promise.resolve([...this.effects.values()].map(e => ({ ...e, resumed: true }))) }
  dueCases(now: Date, limit: number): Promise<{ caseId: string; dueAt: Date }[]> {
    return Promise.resolve([...this.caseRows.values()].filter(c => c.dueAt && c.dueAt <= now && (c.held === null || c.held === 'gap')).slice(0, limit).map(c => ({ caseId: c.caseId, dueAt: c.dueAt! })))
  }
  dueParked(now: Date, limit: number): Promise<ParkedMessage[]> { return Promise.resolve(this.parked.filter(p => p.dueAt && p.dueAt <= now).slice(0, limit)) }
  parkedOf(caseId: string, limit: number): Promise<ParkedMessage[]> {
    return Promise.resolve(this.parked.filter(p => p.caseId === caseId).map((p, i) => ({ p, i })).sort((a, b) => (a.p.seq ?? Infinity) - (b.p.seq ?? Infinity) || a.i - b.i).slice(0, limit).map(x => x.p))
  }
  stillParked(ids: readonly string[]): Promise<Set<string>> { return Promise.resolve(new Set(this.parked.map(p => p.id).filter(id => ids.includes(id)))) }
  heldCases(): Promise<string[]> { return Promise.resolve([...this.caseRows.values()].filter(c => c.held !== null).map(c => c.caseId)) }
  drainingCases(): Promise<string[]> { return Promise.resolve([...this.caseRows.values()].filter(c => c.held === 'draining').map(c => c.caseId)) }
  deadLetter(id: string): Promise<DeadLetter | undefined> { return Promise.resolve(this.deadLetters.get(id)) }
  openExchanges(olderThan: Date, limit: number): Promise<string[]> { return Promise.resolve([...new Set(this.outbox.filter(o => o.at < olderThan.getTime()).slice(0, limit).map(o => o.envelope.headers.tq_exchange!))]) }
  forget(exchangeIds: readonly string[]): Promise<void> {
    for (let i = this.outbox.length; i-- > 0;) if (exchangeIds.includes(this.outbox[i]!.envelope.headers.tq_exchange!)) this.outbox.splice(i, 1)
    return Promise.resolve()
  }
  trimInbox(olderThan: Date): Promise<void> {
    for (const [id, at] of this.inbox) if (at < olderThan.getTime()) this.inbox.delete(id)
    return Promise.resolve()
  }
  chainEnd(chain: string): Promise<{ n: number; head: string } | undefined> {
    const last = this.evidence.filter(e => e.chain === chain).at(-1)
    return Promise.resolve(last && { n: last.n, head: last.hash })
  }
  evidenceAfter(chain: string, n: number, limit: number): Promise<EvidenceRow[]> { return Promise.resolve(this.evidence.filter(e => e.chain === chain && e.n > n).slice(0, limit)) }
  chains(): Promise<string[]> { return Promise.resolve([...new Set(this.evidence.map(e => e.chain))]) }
}
