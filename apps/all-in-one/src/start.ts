import { MemoryTransport } from '#messaging'
import { startEmbeddedPostgres } from '#persistence'
import { choosePort, createAppContext, type Progress, type RunningApp, type Scope, type Settings, type StartApp } from '#runtime'
import { start as startConnector } from '../../connector/src/start.js'
import { start as startGateway } from '../../gateway/src/start.js'
import { start as startMedicalRecords } from '../../medical-records/src/start.js'
import { start as startSimulators } from '../../province-simulator/src/start.js'

/** The gateway is last, so that it takes nothing before the others are there, and is the first to close. */
const DOMAINS: Readonly<Record<string, StartApp>> = { connector: startConnector, 'medical-records': startMedicalRecords }

/**
 * Every app in one process: PostgreSQL of our own unless DATABASE_URL is set, memory transport unless KAFKA_BROKERS is, pretend
 * provinces in embedded mode. What it opens is closed by `scope`, in reverse. `url` is the gateway's.
 */
export async function startAllInOne(given: Settings, scope: Scope, progress: Progress): Promise<{ readonly url: string }> {
  const port = await choosePort(given, progress)
  const postgres = given.databaseUrl ? undefined : await startEmbeddedPostgres({ dataDir: given.dataDir, onProgress: progress })
  if (postgres) {
    scope.closes('PostgreSQL', () => postgres.stop())
    progress(`PostgreSQL runs (process ${postgres.pid})`)
  }
  const settings: Settings = { ...given, port, databaseUrl: given.databaseUrl ?? postgres?.url }
  let simulators: RunningApp | undefined
  const context = createAppContext(settings, {
    name: 'all-in-one', transport: settings.kafkaBrokers.length ? undefined : new MemoryTransport(),
    provinceUrl: code => simulators && `${simulators.url}/${code}`,
  })
  scope.closes('connections', () => context.close())
  scope.logs(context.logger)
  const run = async (start: StartApp): Promise<RunningApp> => {
    const app = await start(context)
    scope.closes(app.name, () => app.close())
    for (const line of app.notices ?? []) progress(line)
    return app
  }
  if (settings.mode === 'embedded') {
    simulators = await run(startSimulators)
    progress(`the pretend systems of ${context.provinces.all.map(province => province.profile.name.en).join(', ')} run`)
  }
  for (const [name, start] of Object.entries(DOMAINS)) { await run(start); progress(`${name} runs`) }
  const gateway = await run(startGateway)
  if (!gateway.url) throw new Error('the gateway did not say where it listens')
  return { url: gateway.url }
}
