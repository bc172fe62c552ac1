import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { loadProvinces } from '#provinces'
import { choosePort, freePort, startLocalKafka, startProcesses, type LocalKafka, type ProcessGroup, type Progress, type Scope, type Settings } from '#runtime'

export const APPS = ['province-simulator', 'connector', 'medical-records', 'gateway'] as const

export interface Processes {
  /** Base URL of the gateway; the same after a restart of it. */
  readonly url: string
  readonly group: ProcessGroup
  readonly postgres: EmbeddedPostgres | undefined
  readonly kafka: LocalKafka | undefined
}

/**
 * Every app as a process of its own over Kafka: the brokers of KAFKA_BROKERS or a local one, the database of DATABASE_URL or an
 * embedded one. Whatever of it is killed comes back by itself; `scope` closes all of it.
 */
export async function startAllProcesses(settings: Settings, scope: Scope, progress: Progress): Promise<Processes> {
  const port = await choosePort(settings, progress)
  const [postgres, kafka] = await Promise.all([database(settings, scope, progress), broker(settings, scope, progress)])
  const env = await environment({ ...settings, port }, postgres, kafka)
  progress(`starting ${APPS.join(', ')}`)
  const group = await startProcesses({ apps: APPS, env: () => env, logDir: join(settings.dataDir, 'logs'), onProgress: progress })
  scope.closes('processes', () => group.stop())
  for (const { app, pid } of group.processes.values()) progress(`${app} runs (process ${pid})`)
  const { url, notices } = group.processes.get('gateway')!
  for (const line of notices) progress(line)
  return { url, group, postgres, kafka }
}

async function database({ databaseUrl, dataDir }: Settings, scope: Scope, progress: Progress): Promise<EmbeddedPostgres | undefined> {
  if (databaseUrl) return undefined
  const postgres = await startEmbeddedPostgres({ dataDir, onProgress: progress })
  scope.closes('PostgreSQL', () => postgres.stop())
  progress(`PostgreSQL runs (process ${postgres.pid})`)
  return postgres
}

async function broker({ kafkaBrokers, dataDir }: Settings, scope: Scope, progress: Progress): Promise<LocalKafka | undefined> {
  if (kafkaBrokers.length) return undefined
  const kafka = await startLocalKafka({ dir: join(dataDir, 'kafka'), onProgress: progress })
  const letGo = keep(kafka, progress)
  scope.closes('Kafka', async () => { await letGo(); await kafka.stop() })
  progress(`Kafka runs (process ${kafka.pid})`)
  return kafka
}

/** Starts a broker that was killed again, on its port, until told to let go. */
function keep(kafka: LocalKafka, progress: Progress): () => Promise<void> {
  const done = new AbortController()
  const watch = async (): Promise<void> => {
    while (!done.signal.aborted) {
      await pause(200, undefined, { signal: done.signal }).catch(() => undefined)
      if (done.signal.aborted || isRunning(kafka.pid)) continue
      progress('Kafka ended unexpectedly; starting it again')
      await kafka.restart().then(() => progress(`Kafka runs again (process ${kafka.pid})`), (error: Error) => progress(error.message))
    }
  }
  const watching = watch()
  return () => { done.abort(); return watching }
}

function isRunning(pid: number): boolean {
  try { return process.kill(pid, 0) } catch { return false }
}

/** What the processes are told beside our own environment; the ports stay theirs when they start again. */
async function environment(settings: Settings, postgres: EmbeddedPostgres | undefined, kafka: LocalKafka | undefined): Promise<Record<string, string>> {
  const env: Record<string, string> = {
    TONGQU_MODE: settings.mode, TONGQU_DATA_DIR: settings.dataDir, TONGQU_OPS_PORT: '0', HOST: settings.host, PORT: String(settings.port), LOG_LEVEL: settings.logLevel,
  }
  if (postgres) env.DATABASE_URL = postgres.url
  if (kafka) { env.KAFKA_BROKERS = kafka.brokers.join(); env.KAFKA_SESSION_TIMEOUT_MS = String(LOCAL_SESSION_TIMEOUT_MS) }
  if (settings.mode === 'embedded') {
    const simulatorPort = settings.simulatorPort || await freePort()
    env.TONGQU_SIMULATOR_PORT = String(simulatorPort)
    for (const { profile } of loadProvinces(settings.provinceDirs).all) env[`TONGQU_PROVINCE_URL_${profile.code}`] ??= settings.provinceUrls[profile.code] ?? `http://127.0.0.1:${simulatorPort}/${profile.code}`
  }
  return env
}

/** On one machine a silent consumer is a dead one; its work goes to its successor this soon. */
const LOCAL_SESSION_TIMEOUT_MS = 6_000
