import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { messageOf, type NativeResponse, type ProvinceSystem } from './province-system.js'
import { isToken } from './registry.js'
import { changeSwitches } from './switches.js'
import type { Ledger } from './ledger.js'

/** Larger bodies are refused. */
const BODY_MAX_BYTES = 16 << 20

/**
 * Every pretend system on one port: `/<code>/<native path>`, and beside it what a test or an operator may ask of it:
 *
 * | | |
 * | --- | --- |
 * | `GET /<code>/_ledger` | `{province, entries}`, see `LedgerEntry` |
 * | `GET`, `PUT /<code>/_switches` | see `Switches`; `PUT` takes the members to change, `DELETE` restores all |
 * | `PUT /<code>/_documents/<id>` | `{exchange, keys, base64}`: the native bytes that answer a request of this exchange which names all keys, an id or number first |
 *
 * Plain node:http, not Nest: there is nothing to inject and no schema, and in a load test this process stands for three provinces on
 * the cores of what is measured.
 */
export function createSimulatorServer(systems: ReadonlyMap<string, ProvinceSystem>, ledger: Ledger): Server {
  return createServer((request, response) => {
    void serve(systems, ledger, request, response).catch((error: unknown) => json(response, 500, { error: (error as Error).message }))
  })
}

async function serve(systems: ReadonlyMap<string, ProvinceSystem>, ledger: Ledger, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '/'
  const code = url.slice(1, 7)
  const path = url.slice(7)
  const system = systems.get(code)
  if (!system) return json(response, 404, { error: 'no such province here', provinces: [...systems.keys()] })
  const body = await read(request)
  if (!body) return json(response, 413, { error: `more than ${BODY_MAX_BYTES} bytes` })
  if (path.startsWith('/_')) return operate(system, ledger, request.method ?? 'GET', path.slice(2), body, response)
  const { statusPath, paths } = system.province.profile.endpoint
  if (request.method === 'POST') return send(response, await system.deliver({ path, body, header: name => String(request.headers[name] ?? '') }))
  if (request.method === 'GET' && path.startsWith(`${statusPath}/`)) return send(response, await system.status(path.slice(statusPath.length + 1)))
  json(response, 404, { error: 'no such path here', paths, statusPath })
}

function operate(system: ProvinceSystem, ledger: Ledger, method: string, path: string, body: Buffer, response: ServerResponse): void {
  const { code } = system.province.profile
  const [what, id] = path.split('/')
  switch (`${method} ${what}`) {
    case 'GET ledger': return json(response, 200, { province: code, entries: ledger.of(code) })
    case 'GET switches': return json(response, 200, system.switches)
    case 'DELETE switches': system.restore(); return json(response, 200, system.switches)
    case 'PUT switches': {
      const changed = changeSwitches(system.switches, parsed(body))
      if ('faults' in changed) return json(response, 422, changed)
      system.switches = changed
      return json(response, 200, changed)
    }
    case 'PUT documents': {
      const { exchange, keys, base64 } = (parsed(body) ?? {}) as { exchange?: unknown; keys?: unknown; base64?: unknown }
      if (!id || typeof exchange !== 'string' || !(exchange in system.province.profile.endpoint.paths)) return json(response, 422, { error: 'exchange: one of the province’s', paths: system.province.profile.endpoint.paths })
      if (!Array.isArray(keys) || !keys.every(k => typeof k === 'string' && k) || !isToken(String(keys[0] ?? ''))) return json(response, 422, { error: 'keys: texts that the request will name; the first of ASCII letters, digits and . _ - alone' })
      if (typeof base64 !== 'string' || !base64) return json(response, 422, { error: 'base64: the native bytes' })
      system.registry.load(messageOf(exchange), id, keys as string[], Buffer.from(base64, 'base64'))
      return json(response, 200, { loaded: id })
    }
    default: return json(response, 404, { error: 'there are _ledger, _switches and _documents/<id>' })
  }
}

function read(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => { if ((bytes += chunk.length) <= BODY_MAX_BYTES) chunks.push(chunk) })
    request.on('end', () => resolve(bytes > BODY_MAX_BYTES ? undefined : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

function send(response: ServerResponse, told: NativeResponse): void {
  if (told.kind === 'cut') { response.socket?.destroy(); return }
  const headers: Record<string, string | number> = { 'content-length': told.body?.length ?? 0 }
  if (told.contentType) headers['content-type'] = told.contentType
  if (told.retryAfterS !== undefined) headers['retry-after'] = told.retryAfterS
  response.writeHead(told.status, headers)
  response.end(told.body)
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function parsed(body: Buffer): unknown {
  try { return JSON.parse(body.toString()) as unknown } catch { return undefined }
}
