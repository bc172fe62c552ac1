import { join } from 'node:path'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { MessagingTables1763900000000 } from '#messaging'
import { poolOf } from '#persistence'
import type { AppContext, Settings, StartApp } from '#runtime'
import { PARTICIPANT_ENTITIES, ParticipantRegistry, ParticipantTables1763900002000 } from '#security'
import { Drain } from './http/drain.js'
import type { Edge } from './http/edge.js'
import { createHttpApp } from './http/http-app.js'
import { InboxTables1763900003000 } from './inbox/inbox-tables.migration.js'
import { PgInboxStore } from './inbox/pg-inbox-store.js'
import { PullInbox } from './inbox/pull-inbox.js'
import { demoParticipants } from './participants/demo-participants.js'
import { firstOperator } from './participants/first-operator.js'
import { GatewayRecord } from './record/gateway-record.js'
import { PgOperationsStore } from './record/pg-operations-store.js'
import { RecordTables1763900001000 } from './record/record-tables.migration.js'

const NAME = 'gateway'
const MIGRATIONS = [MessagingTables1763900000000, RecordTables1763900001000, ParticipantTables1763900002000, InboxTables1763900003000]

/** The gateway: the record of exchanges with its side of the pipeline, and the HTTP edge before it. */
export const start: StartApp = async context => {
  const { settings, clock, sealer, transport, provinces } = context
  const logger = context.logger.child({ service: NAME })
  const dataSource = await context.dataSource(NAME, MIGRATIONS, PARTICIPANT_ENTITIES)
  const pool = poolOf(dataSource)
  const inbox = new PullInbox(new PgInboxStore(pool, sealer), provinces, clock, answers => record.emit(answers))
  const record = await GatewayRecord.start({ pool, sealer, clock, transport, logger, instance: settings.instance, pull: message => inbox.receive(message) })
  const participants = new ParticipantRegistry(dataSource, clock)
  if (settings.operatorKey) await firstOperator(participants, settings.operatorKey)
  const drain = new Drain()
  const edge: Edge = {
    limits: settings.limits, clock, logger, provinces, participants, exchanges: record.store, inbox, drain, operations: new PgOperationsStore(pool, record, clock),
    ready: async () => !drain.begun && await pool.query('SELECT 1').then(() => true, () => false),
  }
  const app = await createHttpApp(edge)
  await listen(app, settings)
  const url = urlOf(await app.getUrl())
  const notices = settings.mode === 'embedded' ? await demoNotices(context, participants, url) : []
  return {
    name: NAME, url, notices,
    async close() {
      drain.begin()
      await app.close()
      await record.close()
    },
  }
}

async function listen(app: NestFastifyApplication, { host, port }: Settings): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new Error(`Port ${port} is taken by another program. Stop it, or set PORT to another port (0: any free port).`) : error
  }
}

/** A listener on every address is reached by the loopback one. */
const urlOf = (listening: string): string => listening.replace(/\/\/(\[::\]|0\.0\.0\.0)/, '//127.0.0.1')

async function demoNotices({ settings, provinces, provinceUrl }: AppContext, participants: ParticipantRegistry, url: string): Promise<string[]> {
  const file = join(settings.dataDir, 'demo-keys.json')
  const { keys } = await demoParticipants(participants, provinces, file, url, provinceUrl)
  return [`demo keys, which exist in embedded mode alone (also in ${file}):`, ...keys.map(k => `${k.participant}: ${k.key}`)]
}
