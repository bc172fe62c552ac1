import 'reflect-metadata'
import { createServer } from 'node:http'
import { Controller, Headers, HttpCode, Inject, Module, Post, Body, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientKafka, ClientsModule, EventPattern, Payload, Transport, type KafkaOptions } from '@nestjs/microservices'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import pg from 'pg'
import { request } from 'undici'

/**
 * The same journey as one would write it from Nest's own documentation: stock ServerKafka and ClientKafka, JSON messages, and one
 * transaction for each message at each step. No mapping, no evidence, no sealing: only what moves and keeps the bytes.
 * Roles: gateway (HTTP, final state), domain (inbox, state), connector (HTTP delivery, inbox), simulator (answers).
 */
interface StockSettings { readonly role: string; readonly brokers: string[]; readonly database: string; readonly port: number; readonly simulatorPort: number; readonly topics: { requests: string; deliveries: string; replies: string } }
const s = JSON.parse(process.argv[2] ?? '{}') as StockSettings
const pool = new pg.Pool({ connectionString: s.database, max: 10 })
const waiting = new Map<string, (reply: unknown) => void>()
const TOPICS = s.topics ?? { requests: 'requests', deliveries: 'deliveries', replies: 'replies' }

const On = (topic: string): MethodDecorator => EventPattern(topic) as MethodDecorator

interface Journey { readonly id: string; readonly caseId: string; readonly body: unknown; readonly reply?: unknown }

async function inTransaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await work(client)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const send = (client: ClientKafka, topic: string, j: Journey): Promise<unknown> => new Promise((resolve, reject) => { client.emit(topic, { key: j.caseId, value: JSON.stringify(j) }).subscribe({ error: reject, complete: () => resolve(undefined) }) })

@Controller()
class GatewayController {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  @Post('exchange')
  @HttpCode(200)
  async accept(@Body() body: unknown, @Headers('tongqu-case') caseId: string): Promise<unknown> {
    const id = crypto.randomUUID()
    const reply = new Promise(resolve => waiting.set(id, resolve))
    await inTransaction(async c => { await c.query('INSERT INTO exchange (id, case_id, request) VALUES ($1, $2, $3)', [id, caseId, JSON.stringify(body)]) })
    await send(this.kafka, TOPICS.requests, { id, caseId, body })
    return reply
  }

  @On(TOPICS.replies)
  async finish(@Payload() j: Journey): Promise<void> {
    await inTransaction(async c => { await c.query('UPDATE exchange SET state = 2, reply = $2 WHERE id = $1 AND state < 2', [j.id, JSON.stringify(j.reply)]) })
    waiting.get(j.id)?.(j.reply)
    waiting.delete(j.id)
  }
}

@Controller()
class DomainController {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  @On(TOPICS.requests)
  async handle(@Payload() j: Journey): Promise<void> {
    await inTransaction(async c => {
      await c.query('INSERT INTO inbox (id) VALUES ($1)', [j.id])
      await c.query('INSERT INTO state (case_id, version, doc) VALUES ($1, 1, $2) ON CONFLICT (case_id) DO UPDATE SET version = state.version + 1, doc = excluded.doc', [j.caseId, JSON.stringify(j.body)])
    })
    await send(this.kafka, TOPICS.deliveries, j)
  }
}

@Controller()
class ConnectorController {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  @On(TOPICS.deliveries)
  async deliver(@Payload() j: Journey): Promise<void> {
    const answer = await request(`http://127.0.0.1:${s.simulatorPort}/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(j.body) })
    const reply = await answer.body.json()
    await inTransaction(async c => { await c.query('INSERT INTO delivery (id) VALUES ($1)', [j.id]) })
    await send(this.kafka, TOPICS.replies, { ...j, reply })
  }
}

const kafkaOptions = (role: string): KafkaOptions => ({ transport: Transport.KAFKA, options: { client: { brokers: s.brokers, logLevel: 1 }, consumer: { groupId: `stock-${role}` }, producerOnlyMode: false, subscribe: { fromBeginning: true } } })

@Module({})
class StockModule {}
const moduleOf = (controller: new (kafka: ClientKafka) => object): DynamicModule => ({
  module: StockModule, controllers: [controller],
  imports: [ClientsModule.register([{ name: 'KAFKA', transport: Transport.KAFKA, options: { client: { brokers: s.brokers, logLevel: 1 }, producerOnlyMode: true } }])],
})

async function start(): Promise<void> {
  if (s.role === 'simulator') {
    const reply = JSON.stringify({ result: 'ACCEPTED', text: 'x'.repeat(570) })
    createServer((req, res) => { req.resume().on('end', () => { res.writeHead(200, { 'content-type': 'application/json', 'content-length': reply.length }); res.end(reply) }) }).listen(s.simulatorPort, '127.0.0.1')
  } else if (s.role === 'gateway') {
    const app = await NestFactory.create(moduleOf(GatewayController), new FastifyAdapter(), { logger: ['error'] })
    app.connectMicroservice(kafkaOptions(s.role))
    await app.startAllMicroservices()
    await app.listen(s.port, '127.0.0.1')
  } else {
    const app = await NestFactory.createMicroservice(moduleOf(s.role === 'domain' ? DomainController : ConnectorController), { ...kafkaOptions(s.role), logger: ['error'] })
    await app.listen()
  }
  process.send?.('ready')
}
process.on('disconnect', () => process.exit(0))
if (process.argv[2]) await start()
