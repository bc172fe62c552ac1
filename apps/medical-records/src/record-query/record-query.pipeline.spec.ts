import { afterEach, describe, expect, it } from '@jest/globals'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ManualClock, newId } from '#kernel'
import { MemoryTransport, PipelineServer, toEnvelope, type Envelope, type ResultBody } from '#messaging'
import { silentLogger } from '#observability'
import { EXCHANGES, messageTypes, topics, type DiscoverResult } from '#schemas'
import { Sealer, verifyChains } from '#security'
import { MemoryStore } from '#testing'
import { DiscoverHandler } from './discover.handler.js'
import { DueHandler } from './due.handler.js'
import { ListHandler } from './list.handler.js'
import { RecordQueryFlow } from './record-query.flow.js'
import { RetrieveHandler } from './retrieve.handler.js'
import { LIN, match, patientOf, physician, treatment } from './testing/people.js'
import { ZHEJIANG } from './testing/play.js'

const flow = new RecordQueryFlow(new Sealer(Buffer.alloc(32, 7)), { all: [], bySlug: () => undefined, byCode: () => ({ profile: { endpoint: { mode: 'push' } } }) as never })

@Module({ controllers: [DiscoverHandler, ListHandler, RetrieveHandler, DueHandler], providers: [{ provide: RecordQueryFlow, useValue: flow }] })
class RecordQueryModule {}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => { for (const close of closing.splice(0).reverse()) await close() })

async function boot() {
  const clock = new ManualClock('2026-11-24T08:00:00Z')
  const [store, transport] = [new MemoryStore(() => clock.now().getTime()), new MemoryTransport()]
  const strategy = new PipelineServer({ name: 'medical-records', topics: [topics.domain('medical-records')], transport, clock, logger: silentLogger, store })
  const app = await NestFactory.createMicroservice(RecordQueryModule, { strategy, logger: false })
  await app.listen()
  const told: Envelope[] = []
  const subscription = await transport.subscribe('spec', [topics.gateway, topics.deliveries(ZHEJIANG)], batch => { told.push(...batch); return Promise.resolve() })
  closing.push(() => transport.close(), () => subscription.close(), () => app.close())
  const say = (type: string, body: object, exchangeId: string): Envelope => toEnvelope({
    id: newId(), type, source: 'spec', caseId: 'case-1', key: 'case-1', topic: topics.domain('medical-records'), exchangeId, time: clock.now().toISOString(), attempt: 0, traceparent: '', versions: {}, trail: [], body: Buffer.from(JSON.stringify(body)),
  })
  const until = async (type: string) => { for (let i = 0; i < 200 && !told.some(e => e.headers.ce_type === type); i++) await new Promise(r => setTimeout(r, 10)); return told.filter(e => e.headers.ce_type === type) }
  const request = { request: { person: LIN, requester: physician, authorization: treatment, targets: [ZHEJIANG] }, sender: { participantId: 'ningde-hospital', province: '350000', organizationCode: '488250168' }, targets: [ZHEJIANG] }
  return { clock, store, transport, strategy, say, until, request }
}
const resultOf = (e: Envelope | undefined) => JSON.parse(e!.body.toString()) as ResultBody & { result: DiscoverResult }

describe('record query in the pipeline', () => {
  it('has a handler for every message of its exchanges', async () => {
    const { strategy } = await boot()
    const handled = [...strategy.getHandlers().keys()]
    for (const d of EXCHANGES.filter(d => d.domain === 'medical-records')) expect(handled).toEqual(expect.arrayContaining([messageTypes(d).request, messageTypes(d).answer]))
    expect(handled).toContain('medical-records.due')
  })

  it('takes effect once, however often a message comes', async () => {
    const { store, transport, say, until, request } = await boot()
    const id = newId()
    const asked = say('medical-records.discover.request', request, id)
    await transport.publish([asked, asked])
    expect(await until('medical-records.discover.deliver')).toHaveLength(1)
    const answer = say('medical-records.discover.answer', { province: ZHEJIANG, status: 'answered', schema: 'discover-answer', document: match(patientOf(LIN, 'ZJ-1')) }, id)
    await transport.publish([answer, answer, asked])
    const results = await until('medical-records.discover.result')
    expect(results).toHaveLength(1)
    expect(resultOf(results[0]).result.provinces).toMatchObject([{ answer: 'match', certainty: 'certain' }])
    expect(await until('notice.access')).toHaveLength(1)
    expect(store.evidence.map(e => e.what)).toEqual(['access.permitted', 'answer.recorded', 'disclosed'])
    expect(verifyChains(store.evidence).flaws).toEqual([])
    expect(store.documents.map(d => d.kind)).toEqual(['AuditEvent', 'AuditEvent'])
    expect(store.caseRows.get('case-1')).toMatchObject({ state: 'RESOLVED', dueAt: null })
  })

  it('ends at the deadline by itself, naming who is missing', async () => {
    const { clock, transport, say, until, request } = await boot()
    await transport.publish([say('medical-records.discover.request', request, newId())])
    await until('medical-records.discover.deliver')
    clock.advance(8000)
    const [ended] = await until('medical-records.discover.result')
    expect(resultOf(ended)).toMatchObject({ state: 'COMPLETED', partial: true, result: { complete: false, missing: [{ province: ZHEJIANG, reason: 'TIMEOUT' }] } })
  })
})
