import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { register } from 'prom-client'
import type { OwnedContext } from './context.js'

/** The paths that an orchestrator asks, the same in every process. */
export const HEALTH_PATHS = { live: '/health/live', ready: '/health/ready', metrics: '/metrics' } as const

/**
 * Health and metrics of a process that has no HTTP interface of its own. `ready` answers 503 before the app has started, once it
 * drains, and while one of its databases does not answer.
 */
export async function startOpsServer(context: OwnedContext, isUp: () => boolean): Promise<{ url: string; close(): Promise<void> }> {
  const { host, opsPort } = context.settings
  const server = createServer((request, response) => {
    const send = (status: number, type: string, body: string) => response.writeHead(status, { 'content-type': type }).end(body)
    const json = (status: number, body: object) => send(status, 'application/json', JSON.stringify(body))
    const fail = (error: unknown) => json(500, { status: 'error', detail: (error as Error).message })
    switch (request.url) {
      case HEALTH_PATHS.live: return void json(200, { status: 'live' })
      case HEALTH_PATHS.ready: return void context.databasesAnswer().then(databases => {
        const ready = isUp() && !Object.values(databases).includes(false)
        json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', up: isUp(), databases })
      }).catch(fail)
      case HEALTH_PATHS.metrics: return void register.metrics().then(text => send(200, register.contentType, text)).catch(fail)
      default: return void json(404, { status: 'unknown path', paths: Object.values(HEALTH_PATHS) })
    }
  })
  server.listen(opsPort, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new Error(`Port ${opsPort} is taken by another program. Set TONGQU_OPS_PORT to another one (0: any free port).`) : error
  })
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close: () => closeServer(server) }
}

async function closeServer(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
