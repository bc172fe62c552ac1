import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import pg from 'pg'
import { freePort } from '#runtime'
import type { Measured, Watched } from '../measure/run-load.js'
import { runLoad } from '../measure/run-load.js'

const TABLES = `CREATE TABLE exchange (id uuid PRIMARY KEY, case_id text NOT NULL, state int NOT NULL DEFAULT 0, request text NOT NULL, reply text);
  CREATE TABLE inbox (id uuid PRIMARY KEY); CREATE TABLE delivery (id uuid PRIMARY KEY); CREATE TABLE state (case_id text PRIMARY KEY, version bigint NOT NULL, doc text NOT NULL);`

/** Runs the stock-Nest journey over this broker and this PostgreSQL, four processes. */
export async function runStock(databaseUrl: string, brokers: readonly string[], body: Buffer, inFlight: number, watched: Readonly<Record<string, Watched>>): Promise<Measured> {
  const run = Date.now().toString(36)
  const admin = new pg.Client({ connectionString: databaseUrl })
  await admin.connect()
  await admin.query(`CREATE SCHEMA stock_${run}`)
  await admin.query(`SET search_path = stock_${run}; ${TABLES}`)
  const topics = { requests: `stock.${run}.requests`, deliveries: `stock.${run}.deliveries`, replies: `stock.${run}.replies` }
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin()
  await kafka.connect()
  await kafka.createTopics({ topics: Object.values(topics).map(topic => ({ topic, numPartitions: 1, replicationFactor: 1 })) })
  await kafka.disconnect()
  const [port, simulatorPort] = [await freePort(), await freePort()]
  const children: ChildProcess[] = []
  try {
    const pids: Record<string, Watched> = {}
    for (const role of ['simulator', 'connector', 'domain', 'gateway']) {
      const settings = { role, brokers, port, simulatorPort, topics, database: `${databaseUrl}?options=-c%20search_path%3Dstock_${run}` }
      const child = fork(join(import.meta.dirname, 'stock-nest.ts'), [JSON.stringify(settings)], { execArgv: process.execArgv })
      children.push(child)
      await once(child, 'message')
      pids[role] = { pid: child.pid! }
    }
    return await runLoad({ port, path: '/exchange', headers: { 'content-type': 'application/json' }, body: body.toString('base64'), inFlight, warmMs: 5000, measureMs: 10_000, cases: 5000 }, { ...pids, ...watched })
  } finally {
    for (const child of children) child.disconnect()
    await admin.query(`DROP SCHEMA stock_${run} CASCADE`)
    await admin.end()
  }
}
