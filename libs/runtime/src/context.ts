import type { DataSource } from 'typeorm'
import { systemClock } from '#kernel'
import { KafkaTransport, type Transport } from '#messaging'
import { createLogger } from '#observability'
import { openDataSource, poolOf, type DataSourceOptions } from '#persistence'
import { loadProvinces } from '#provinces'
import { Sealer } from '#security'
import type { AppContext } from './app.js'
import type { Settings } from './settings.js'

export interface ContextOptions {
  /** Name of the process in its log. */
  readonly name?: string
  /** Carries the messages instead of Kafka. */
  readonly transport?: Transport
  /** Base URL of a province that the settings do not name. */
  readonly provinceUrl?: (code: string) => string | undefined
}

/** A context and what it opened. */
export interface OwnedContext extends AppContext {
  /** Each database that was opened: whether it answers. */
  databasesAnswer(): Promise<Readonly<Record<string, boolean>>>
  /** Closes the transport and the databases; the apps are closed before. */
  close(): Promise<void>
}

/** What a process gives its apps. Kafka and databases are reached when an app first asks for them. */
export function createAppContext(settings: Settings, { name = 'tongqu', transport, provinceUrl }: ContextOptions = {}): OwnedContext {
  const logger = createLogger(name, settings.logLevel)
  const opened = new Map<string, Promise<DataSource>>()
  let carrier = transport
  let closing = false
  const tell = (service: string, error: Error): void => {
    // a pool counts as closed before its last connections are; what they say then is no news
    if (!closing) logger.warn({ database: service, error: error.message }, 'a database connection broke; the pool replaces it')
  }
  return {
    settings, logger, clock: systemClock, sealer: new Sealer(settings.dataKey), provinces: loadProvinces(settings.provinceDirs),
    get transport() { return carrier ??= kafka(settings, name, logger) },
    provinceUrl: code => settings.provinceUrls[code] ?? provinceUrl?.(code),
    dataSource(service, migrations, entities) {
      let source = opened.get(service)
      if (!source) opened.set(service, source = open(settings, service, { migrations, entities }, error => tell(service, error)))
      return source
    },
    async databasesAnswer() {
      const asked = [...opened].map(async ([service, source]) => [service, await answers(source)] as const)
      return Object.fromEntries(await Promise.all(asked))
    },
    async close() {
      closing = true
      await carrier?.close()
      await Promise.allSettled([...opened.values()].map(async source => (await source).destroy()))
    },
  }
}

function kafka(settings: Settings, clientId: string, logger: AppContext['logger']): Transport {
  if (!settings.kafkaBrokers.length) throw new Error('KAFKA_BROKERS is missing: an app that runs alone speaks to the others over Kafka. `npm start` runs all of them in one process without it.')
  const { kafkaBrokers: brokers, kafkaSessionTimeoutMs: sessionTimeoutMs, kafkaPartitions: partitions } = settings
  return new KafkaTransport({ brokers, clientId, sessionTimeoutMs, partitions, logger })
}

type Tables = Pick<DataSourceOptions, 'migrations' | 'entities'>

function open(settings: Settings, service: string, tables: Tables, onConnectionError: (error: Error) => void): Promise<DataSource> {
  const url = settings.databaseUrls[service] ?? settings.databaseUrl
  if (!url) return Promise.reject(new Error('DATABASE_URL is missing: an app that runs alone needs a PostgreSQL 18 server. `npm start` brings its own.'))
  return openDataSource({ url, service, ...tables, poolSize: settings.databasePoolSize, onConnectionError })
}

const answers = async (source: Promise<DataSource>): Promise<boolean> => {
  const asked = source.then(s => poolOf(s).query('SELECT 1')).then(() => true, () => false)
  return Promise.race([asked, new Promise<boolean>(done => setTimeout(done, 2000, false).unref())])
}
