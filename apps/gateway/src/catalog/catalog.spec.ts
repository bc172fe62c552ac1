import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { FAILURE_CODES } from '#kernel'
import { compileSchema } from '#mapping'
import { loadProvinces, type Provinces } from '#provinces'
import { EXCHANGES, exchangeKey, exchangeRoute, SCHEMAS } from '#schemas'
import { exchangeHeaders } from '../exchanges/headers.rules.js'
import { EdgeBench } from '../testing/edge-double.js'
import type { CatalogEntry } from './catalog.js'

interface OpenApi {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string; readonly responses: object; readonly parameters?: readonly { readonly name: string; readonly in: string }[] }>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

describe('what there is to exchange', () => {
  let bench: EdgeBench
  let provinces: Provinces
  const get = (url: string) => bench.app.inject({ method: 'GET', url })

  beforeAll(async () => {
    provinces = await loadProvinces()
    bench = await EdgeBench.start(provinces)
  })
  afterAll(() => bench.close())

  it('is listed without a key: every message with its schema, its dialects and one sample each', async () => {
    const { exchanges } = (await get('/v1/catalog')).json<{ exchanges: CatalogEntry[] }>()
    expect(exchanges.map(e => [e.exchange, e.route])).toEqual(EXCHANGES.map(d => [exchangeKey(d), exchangeRoute(d)]))
    for (const entry of exchanges) {
      for (const message of entry.messages) {
        expect(typeof compileSchema({ ...message.schema, $id: undefined })).toBe('function')
        expect(message.dialects.map(d => d.province)).toEqual(provinces.all.filter(p => p.mappings.has(message.name)).map(p => p.profile.code))
      }
      const request = entry.messages.find(m => m.role === 'request')!
      for (const { province, sample } of request.dialects) {
        const bytes = Buffer.from(sample!.content, sample!.encoding === 'base64' ? 'base64' : 'utf8')
        const { part } = exchangeHeaders(Object.fromEntries(Object.entries(sample!.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])))
        expect(provinces.byCode(province)!.mappings.get(request.name)!.read(bytes, part)).toMatchObject({ ok: true })
      }
    }
  })

  it('publishes its canonical schemas as JSON Schema 2020-12', async () => {
    const { schemas } = (await get('/v1/schemas')).json<{ schemas: { name: string; href: string }[] }>()
    expect(schemas.map(s => s.name)).toEqual(SCHEMAS.map(s => s.name))
    for (const { href, name } of schemas) {
      const answer = await get(href)
      expect(answer.headers['content-type']).toBe('application/schema+json; charset=utf-8')
      expect(answer.json()).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `https://tongqu.example/schemas/${name}/1` })
    }
    expect((await get('/v1/schemas/none')).json()).toMatchObject({ status: 404, code: 'ROUTE_UNKNOWN' })
  })

  it('is described in OpenAPI 3.1: every route that is served, no other, all references resolved', async () => {
    const document = (await get('/openapi.json')).json<OpenApi>()
    expect(document.openapi).toBe('3.1.0')
    const described = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map(method => `${method.toUpperCase()} ${path}`))
    const served = bench.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false })
    const routes = routesOf(served).flatMap(route => (route === 'POST /v1/exchanges/{id}/{message}' ? EXCHANGES.map(d => `POST ${exchangeRoute(d)}`) : [route]))
    expect(described.sort()).toEqual(routes.sort())

    const operations = Object.values(document.paths).flatMap(item => Object.values(item))
    expect(new Set(operations.map(o => o.operationId)).size).toBe(operations.length)
    for (const [path, item] of Object.entries(document.paths)) {
      for (const operation of Object.values(item)) {
        expect(Object.keys(operation.responses).length).toBeGreaterThan(0)
        expect((operation.parameters ?? []).filter(p => p.in === 'path').map(p => p.name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(m => m[1]))
      }
    }
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(m => m[1]!)
    expect(references.filter(name => !(name in document.components.schemas))).toEqual([])
  })

  it('is readable on one page that loads nothing: every exchange, header and failure code, Chinese first', async () => {
    const page = await get('/docs')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    const html = page.payload
    expect(html).not.toMatch(/<(script|link|img|iframe)|@import|url\(/i)
    for (const d of EXCHANGES) expect(html).toContain(`<code>${exchangeRoute(d)}</code>`)
    for (const code of FAILURE_CODES) expect(html).toContain(`id="${code}"`)
    expect(html.indexOf('以本省方言')).toBeLessThan(html.indexOf('Speak your own dialect'))
    // a GB18030 sample is shown as people read it
    expect(html).toContain('ZJLX|SFZH|XM')
    const tags = [...html.replace(/<!doctype html>/i, '').matchAll(/<(\/?)([a-z0-9]+)[^>]*>/g)].filter(m => !['meta', 'br'].includes(m[2]!))
    const open: string[] = []
    for (const [, slash, name] of tags) { if (!slash) open.push(name!); else expect(open.pop()).toBe(name) }
    expect(open).toEqual([])
  })

  it('tells its health and its metrics', async () => {
    expect((await get('/health/live')).json()).toEqual({ status: 'live' })
    expect((await get('/health/ready')).statusCode).toBe(200)
    bench.up = false
    expect((await get('/health/ready')).statusCode).toBe(503)
    bench.up = true
    await get('/nowhere')
    const { payload } = await get('/metrics')
    expect(payload).toContain('tongqu_http_requests_total{method="GET",route="/health/ready",status="503"} 1')
    expect(payload).toContain('tongqu_http_requests_total{method="GET",route="none",status="404"} 1')
    expect(payload).toContain('tongqu_exchanges_ended{state="COMPLETED"} 3')
    expect(payload).toContain('tongqu_http_request_duration_seconds_count{route="/health/ready"} 2')
  })
})

/** Fastify prints its routes as a tree: four characters a level, the methods behind. */
function routesOf(tree: string): string[] {
  const parents: string[] = []
  return tree.split('\n').flatMap(line => {
    const match = /^([│ ├└─]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line)
    if (!match) return []
    const depth = match[1]!.length / 4
    parents[depth - 1] = match[2]!
    // two routes name the same place differently: `:domain|:id`
    const path = parents.slice(0, depth).join('').replace(':domain|:id', ':id').replaceAll(/:(\w+)/g, '{$1}')
    return (match[3] ?? '').split(', ').filter(Boolean).map(method => `${method} ${path}`)
  })
}
