import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { AppContext, RunningApp, StartApp } from '#runtime'
import { Ledger } from './ledger.js'
import { ProvinceSystem } from './province-system.js'
import { Registry } from './registry.js'
import { createSimulatorServer } from './simulator-server.js'
import { WELL_BEHAVED, type Switches } from './switches.js'

export interface SimulatorOptions {
  /** How provinces misbehave from the start, by code. */
  readonly switches?: Readonly<Record<string, Partial<Switches>>>
}

/** Pretend systems of all provinces that have a `fixtures/registry`, on one port: base URL of each is `<url>/<code>`. */
export async function startSimulators(context: Pick<AppContext, 'settings' | 'provinces' | 'clock' | 'logger'>, { switches = {} }: SimulatorOptions = {}): Promise<RunningApp> {
  const { host, simulatorPort, dataDir } = context.settings
  const logger = context.logger.child({ service: 'province-simulator' })
  const ledger = new Ledger(join(dataDir, 'province-simulator', 'ledger.jsonl'), context.clock.now().getTime())
  const systems = new Map(context.provinces.all.flatMap(province => {
    const registry = Registry.of(province)
    const { code } = province.profile
    return registry ? [[code, new ProvinceSystem(province, registry, ledger, context.clock, logger, { ...WELL_BEHAVED, ...switches[code] })] as const] : []
  }))
  const server = createSimulatorServer(systems, ledger)
  server.listen(simulatorPort, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    ledger.close()
    throw error.code === 'EADDRINUSE' ? new Error(`Port ${simulatorPort} is taken by another program. Set TONGQU_SIMULATOR_PORT to another one (0: any free port).`) : error
  })
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return {
    name: 'province-simulator', url: `http://${reachable}:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const system of systems.values()) system.close()
      server.close()
      server.closeIdleConnections()
      const lingering = setTimeout(() => server.closeAllConnections(), 1000)
      await once(server, 'close')
      clearTimeout(lingering)
      ledger.close()
    },
  }
}

export const start: StartApp = context => startSimulators(context)
