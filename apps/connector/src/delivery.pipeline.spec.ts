import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { afterEach, describe, expect, it } from '@jest/globals'
import { newId, systemClock } from '#kernel'
import { MemoryTransport, PipelineServer, toEnvelope, type AnswerBody, type Envelope, type Step } from '#messaging'
import { silentLogger } from '#observability'
import { loadProvinces } from '#provinces'
import { PROVINCES } from '#runtime'
import { topics } from '#schemas'
import { MemoryStore } from '#testing'
import { Delivery } from './delivery.js'
import { DeliveryHandler } from './delivery.handler.js'

const CODE = '330000'
const provinces = await loadProvinces()
const NONE = JSON.stringify({ code: 0, message: '成功', WS99_99_910_01: '0', CT99_99_910_01: '未命中', hasMore: '0', data: [] })

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => { for (const close of closing.splice(0).reverse()) await close() })

/** A provincial system that knows nobody; while `holdsBack` is set it takes requests and does not answer. */
async function provincialSystem() {
  const calls: string[] = []
  const state = { holdsBack: false }
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      calls.push(request.method!)
      if (!state.holdsBack) response.end(NONE)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => { server.closeAllConnections(); server.close() })
  return { calls, state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** One process of the connector, as `startService` builds it, on a store that outlives it. */
async function connector(url: string, store: MemoryStore, transport: MemoryTransport) {
  const delivery = new Delivery({ provinces, provinceUrl: () => url, clock: systemClock, answerMaxBytes: 1_000_000 })
  @Module({ controllers: [DeliveryHandler], providers: [{ provide: PROVINCES, useValue: provinces }] })
  class ConnectorModule {}
  const strategy = new PipelineServer({ name: 'connector', topics: [topics.deliveries(CODE)], store, transport, clock: systemClock, logger: silentLogger, effects: { performer: delivery, limitOf: delivery.limitOf }, drainMs: 10 })
  const app = await NestFactory.createMicroservice(ConnectorModule, { strategy, logger: false })
  await app.listen()
  return async () => { await app.close(); await delivery.close() }
}

const asked = () => toEnvelope({
  id: newId(), type: 'medical-records.discover.deliver', source: 'medical-records', caseId: 'case', key: 'case', topic: topics.deliveries(CODE), exchangeId: newId(), time: new Date().toISOString(),
  deadline: new Date(Date.now() + 5000).toISOString(), attempt: 0, traceparent: '', versions: {}, trail: [{ by: 'medical-records', what: 'medical-records.discover.request', at: '', ms: 1 }],
  body: Buffer.from(JSON.stringify({ province: CODE, exchange: 'medical-records.discover', schema: 'discover-request', document: {
    person: { idType: '01', idNumber: '330329198504120121', name: '林晓梅' }, requester: { practitioner: { name: '郑文彬', role: 'physician' }, organization: { code: '488250168', name: '宁德市示范医院' } },
    authorization: { purpose: 'ETREAT', legalBasis: 'PIPL-13-4' }, targets: [CODE],
  } })),
})

async function domain(transport: MemoryTransport) {
  const answers: Envelope[] = []
  const first = Promise.withResolvers<Envelope>()
  await transport.subscribe('medical-records', [topics.domain('medical-records')], async batch => { answers.push(...batch); first.resolve(batch[0]!) })
  return { answers, first: first.promise }
}

describe('the connector in its pipeline', () => {
  it('answers the domain with every step of the journey', async () => {
    const { url, calls } = await provincialSystem()
    const transport = new MemoryTransport()
    const { first } = await domain(transport)
    const store = new MemoryStore()
    closing.push(await connector(url, store, transport))
    const request = asked()
    await transport.publish([request])
    const { headers, body } = await first
    expect(JSON.parse(body.toString())).toMatchObject({ province: CODE, status: 'answered', schema: 'discover-answer', document: { answer: 'none' } } satisfies Partial<AnswerBody>)
    expect(headers).toMatchObject({ ce_type: 'medical-records.discover.answer', ce_subject: 'case', tq_exchange: request.headers.tq_exchange })
    expect((JSON.parse(headers.tq_trail!) as Step[]).map(s => s.what)).toEqual(['medical-records.discover.request', 'claim', 'translate-out', 'deliver', 'translate-in'])
    expect(store.evidence.map(e => e.what)).toEqual(['delivery.claimed', 'delivery.ended'])
    expect(calls).toEqual(['POST'])
  })

  it('claims before it calls: what a process leaves unfinished the next one asks for, and does not send again', async () => {
    const { url, calls, state } = await provincialSystem()
    const transport = new MemoryTransport()
    const { answers, first } = await domain(transport)
    const store = new MemoryStore()
    state.holdsBack = true
    const stop = await connector(url, store, transport)
    await transport.publish([asked()])
    while (!calls.length) await new Promise(resolve => setTimeout(resolve, 5))
    expect(store.effects.size).toBe(1)
    await stop()
    expect(answers).toEqual([])

    state.holdsBack = false
    closing.push(await connector(url, store, transport))
    await first
    expect(calls).toEqual(['POST', 'GET'])
    expect(store.effects.size).toBe(0)
  })
})
