import { afterEach, describe, expect, it } from '@jest/globals'
import { completed, Failure, fault, ManualClock, newId } from '#kernel'
import { silentLogger } from '#observability'
import { verifyChains } from '#security'
import { MemoryStore } from '#testing'
import { MemoryTransport, MessagingService, operation, toEnvelope, type Decision, type DecisionContext, type Envelope, type EffectPerformer, type Handler, type Transport } from './index.js'

interface Counter { readonly seen: readonly string[] }

const closing: (() => Promise<void>)[] = []
afterEach(async () => { for (const close of closing.splice(0)) await close() })

/** A service whose case remembers the texts it was told, and tells them on. */
class Bench {
  readonly clock = new ManualClock('2026-11-24T08:00:00Z')
  readonly store = new MemoryStore(() => this.clock.now().getTime())
  readonly transport: Transport = new MemoryTransport()
  readonly out: Envelope[] = []
  readonly gateway: Envelope[] = []
  broken = new Set<string>()
  transient = new Set<string>()
  performed: string[] = []
  service!: MessagingService

  readonly handler: Handler<Counter> = ({ body, case: c, message }: DecisionContext<Counter>): Decision<Counter> => {
    const { text } = body as { text: string }
    if (this.transient.has(text)) throw new Failure('TARGET_UNAVAILABLE')
    if (this.broken.has(text)) throw new Failure('FIELD_INVALID', [fault('FIELD_INVALID', '/text')])
    return {
      outcome: completed, next: { kind: 'counter', state: 'COUNTED', data: { seen: [...(c?.data.seen ?? []), text] } },
      emit: [{ topic: 'told', type: 'told', body: { text, seq: message.seq } }], facts: [{ what: 'counted' }],
    }
  }

  async start(performer?: EffectPerformer): Promise<this> {
    await this.transport.ensureTopics(['told'])
    this.service = await MessagingService.start({
      name: 'counter', topics: ['numbers'], store: this.store, transport: this.transport, clock: this.clock, logger: silentLogger,
      handlers: new Map<string, Handler>([
        ['say', this.handler as Handler],
        ['do', () => ({ outcome: completed, effects: [{ lane: 'a', key: 'k', what: 'work', input: { n: 1 } }] })],
        ['counter.work.done', ({ body }) => ({ outcome: completed, emit: [{ topic: 'told', type: 'worked', body }] })],
        ['wait', ({ now }) => ({ outcome: completed, next: { kind: 'counter', state: 'WAITING', data: { seen: [] }, dueAt: new Date(now.getTime() + 1000) } })],
        ['counter.due', () => ({ outcome: completed, next: { kind: 'counter', state: 'DUE', data: { seen: ['due'] } }, emit: [{ topic: 'told', type: 'due', body: {} }] })],
      ]),
      effects: performer && { performer, limitOf: () => 2 }, tuning: { retry: { pauseMs: () => 10, attempts: 3 }, gapMs: 5000 }, drainMs: 50,
    })
    const told = await this.transport.subscribe('told-reader', ['told'], batch => { this.out.push(...batch); return Promise.resolve() })
    const gateway = await this.transport.subscribe('gateway', ['tongqu.gateway', 'tongqu.dead-letters'], batch => { this.gateway.push(...batch); return Promise.resolve() })
    closing.push(() => this.service.close(), () => told.close(), () => gateway.close(), () => this.transport.close())
    return this
  }

  say(text: string, caseId: string, extra: Partial<{ seq: number; id: string; attempt: number; type: string; exchangeId: string }> = {}): Envelope {
    return toEnvelope({
      id: extra.id ?? newId(), type: extra.type ?? 'say', source: 'test', caseId, key: caseId, topic: 'numbers', exchangeId: extra.exchangeId ?? newId(), time: this.clock.now().toISOString(),
      seq: extra.seq, attempt: extra.attempt ?? 0, traceparent: '', versions: {}, trail: [], body: Buffer.from(JSON.stringify({ text })),
    })
  }
  async send(...envelopes: Envelope[]): Promise<void> { await this.transport.publish(envelopes) }
  get texts(): string[] { return this.out.map(e => (JSON.parse(e.body.toString()) as { text: string }).text) }
  seen(caseId: string): readonly string[] { return (this.store.caseRows.get(caseId)?.data as Counter | undefined)?.seen ?? [] }
}

const until = async (what: () => boolean, ms = 4000): Promise<void> => {
  for (const end = Date.now() + ms; !what();) { if (Date.now() > end) throw new Error('not reached'); await new Promise(ok => setTimeout(ok, 5)) }
}

describe('pipeline', () => {
  it('applies messages of a case in order and tells each once', async () => {
    const b = await new Bench().start()
    await b.send(...['a', 'b', 'c'].map((t, i) => b.say(t, 'case', { seq: i + 1 })))
    await until(() => b.out.length === 3)
    expect(b.seen('case')).toEqual(['a', 'b', 'c'])
    expect(b.texts).toEqual(['a', 'b', 'c'])
  })

  it('is in effect once when a message comes again, in the same batch and later', async () => {
    const b = await new Bench().start()
    const m = b.say('a', 'case')
    await b.send(m, m)
    await until(() => b.out.length === 1)
    await b.send(m, b.say('b', 'case'))
    await until(() => b.out.length === 2)
    expect(b.seen('case')).toEqual(['a', 'b'])
  })

  it('sends its outputs again when a known message is emitted again, and reports the steps', async () => {
    const b = await new Bench().start()
    const exchangeId = newId()
    const id = newId()
    await b.send(b.say('a', 'case', { id, exchangeId }))
    await until(() => b.out.length === 1)
    await b.send(b.say('a', 'case', { id, exchangeId, attempt: 1 }))
    await until(() => b.out.length === 2)
    expect(b.out[1]!.headers.ce_id).toBe(b.out[0]!.headers.ce_id)
    expect(b.seen('case')).toEqual(['a'])
    await until(() => b.gateway.some(e => e.headers.ce_type === 'ops.progress'))
  })

  it('waits for a missing message of the case while others flow', async () => {
    const b = await new Bench().start()
    await b.send(b.say('c', 'case', { seq: 3 }), b.say('b', 'case', { seq: 2 }), b.say('x', 'other', { seq: 1 }))
    await until(() => b.out.length === 1)
    expect(b.texts).toEqual(['x'])
    await b.send(b.say('a', 'case', { seq: 1 }))
    await until(() => b.out.length === 4)
    expect(b.seen('case')).toEqual(['a', 'b', 'c'])
    expect(b.store.caseRows.get('case')).toMatchObject({ held: null, parked: 0, lastSeq: 3 })
  })

  it('turns waiting messages into dead letters when the gap lasts too long', async () => {
    const b = await new Bench().start()
    await b.send(b.say('b', 'case', { seq: 2 }))
    await until(() => b.store.parked.length === 1)
    b.clock.advance(6000)
    await until(() => b.store.deadLetters.size === 1)
    expect([...b.store.deadLetters.values()][0]!.code).toBe('SEQUENCE_GAP')
  })

  it('a poison message stalls only its case; replay lets the rest through in order', async () => {
    const b = await new Bench().start()
    b.broken.add('bad')
    await b.send(b.say('bad', 'case', { seq: 1 }), b.say('b', 'case', { seq: 2 }), b.say('x', 'other', { seq: 1 }), b.say('c', 'case', { seq: 3 }))
    await until(() => b.store.deadLetters.size === 1 && b.store.parked.length === 2)
    expect(b.texts).toEqual(['x'])
    const [letter] = [...b.store.deadLetters.values()]
    const notice = b.gateway.find(e => e.headers.ce_type === 'ops.dead-letter')!
    expect(JSON.parse(notice.body.toString())).toMatchObject({ id: letter!.id, status: 'OPEN', code: 'FIELD_INVALID', faults: [{ pointer: '/text' }] })
    expect(notice.body.toString()).not.toContain('bad')
    b.broken.clear()
    await b.send(operation('ops.replay', 'gateway', 'tongqu.ops.counter', { deadLetterId: letter!.id, by: 'operator' }))
    await until(() => b.out.length === 4)
    expect(b.seen('case')).toEqual(['bad', 'b', 'c'])
    expect(b.store.deadLetters.get(letter!.id)!.status).toBe('REPLAYED')
  })

  it('retries a transient failure in the case’s own lane, then gives up as a dead letter', async () => {
    const b = await new Bench().start()
    b.transient.add('t').add('u')
    await b.send(b.say('t', 'case', { seq: 1 }), b.say('b', 'case', { seq: 2 }), b.say('u', 'lost', { seq: 1 }))
    await until(() => b.store.parked.length === 3)
    b.transient.delete('t')
    b.clock.advance(50)
    await until(() => b.texts.includes('b'))
    expect(b.seen('case')).toEqual(['t', 'b'])
    for (let i = 0; i < 6; i++) { b.clock.advance(50); await new Promise(ok => setTimeout(ok, 220)) }
    expect([...b.store.deadLetters.values()].map(l => l.caseId)).toEqual(['lost'])
  })

  it('fires a due time once', async () => {
    const b = await new Bench().start()
    await b.send(b.say('', 'case', { type: 'wait' }))
    await until(() => b.store.caseRows.has('case'))
    b.clock.advance(1500)
    await until(() => b.out.length === 1)
    await new Promise(ok => setTimeout(ok, 450))
    expect(b.out).toHaveLength(1)
    expect(b.store.caseRows.get('case')).toMatchObject({ state: 'DUE', dueAt: null })
  })

  it('claims an effect before it begins and resumes it after a crash, marked as resumed', async () => {
    const hang: EffectPerformer = { perform: (_e, signal) => new Promise((_, no) => { signal.addEventListener('abort', () => no(new Error('gone'))) }) }
    const b = await new Bench().start(hang)
    await b.send(b.say('', 'case', { type: 'do' }))
    await until(() => b.store.effects.size === 1)
    void b.service.close().catch(() => undefined)
    const resumed: boolean[] = []
    await b.start({ perform: e => { resumed.push(e.resumed); return Promise.resolve({ ok: true }) } })
    await until(() => b.out.some(e => e.headers.ce_type === 'worked'), 8000)
    expect(resumed).toEqual([true])
    expect(b.store.effects.size).toBe(0)
  }, 15_000)

  it('chains its evidence and refuses to hide a change', async () => {
    const b = await new Bench().start()
    await b.send(...Array.from({ length: 20 }, (_, i) => b.say(String(i), `case ${i % 3}`)))
    await until(() => b.out.length === 20)
    expect(verifyChains(b.store.evidence)).toMatchObject({ rows: 20, flaws: [] })
    const forged = b.store.evidence.map(r => r.n === 7 ? { ...r, digest: '0'.repeat(64) } : r)
    expect(verifyChains(forged).flaws).toContainEqual({ chain: 'counter#0', n: 7, flaw: 'hash' })
    expect(verifyChains(b.store.evidence.filter(r => r.n !== 7)).flaws).toEqual([{ chain: 'counter#0', n: 8, flaw: 'gap' }])
  })
})
