import { EXCHANGES, exchangeKey, exchangeRoute, SCHEMAS, type ExchangeDefinition } from '#schemas'
import type { Provinces } from '#provinces'
import { CANONICAL_TYPE } from '../exchanges/canonical-form.js'
import { FHIR_TYPE } from '../exchanges/fhir-view.rules.js'
import { EXCHANGE_HEADERS } from '../exchanges/headers.rules.js'
import { PLATFORM_ROUTES, type PlatformRoute } from './platform-routes.js'
import { PLATFORM_SCHEMAS } from './platform-schemas.js'

const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` })
const content = (type: string, schema: object): object => ({ [type]: { schema } })
const problem = { description: 'RFC 9457', content: content('application/problem+json', ref('problem')) }
const header = (description: string, schema: object = { type: 'string' }): object => ({ description, schema })
/** A native document: its own dialect describes it, JSON Schema cannot. */
const native = { description: 'a document in the dialect of the province, see /v1/catalog' }

/** OpenAPI 3.1, derived from the exchange definitions, the provinces' dialects and the list of the other routes. */
export function openApi(provinces: Provinces, version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const d of EXCHANGES) paths[exchangeRoute(d)] = { post: exchangeOperation(d, provinces) }
  for (const route of PLATFORM_ROUTES) (paths[route.path] ??= {})[route.method] = platformOperation(route)
  return {
    openapi: '3.1.0',
    info: { title: '通衢 Tongqu', version, summary: '跨省公共服务互通平台 · cross-province public-service interoperability gateway', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: [{ name: 'exchanges' }, { name: 'inbox' }, { name: 'catalog' }, { name: 'operators' }, { name: 'health' }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', bearerFormat: 'tq_<key id>_<secret>' } },
      schemas: { ...Object.fromEntries(SCHEMAS.map(s => [s.name, { title: `${s.title.zh} ${s.title.en}`, ...s.schema }])), ...PLATFORM_SCHEMAS },
    },
  }
}

function exchangeOperation(d: ExchangeDefinition, provinces: Provinces): object {
  const types = [...new Set(provinces.all.flatMap(p => p.mappings.get(d.request.name)?.contentType ?? []))]
  const replies = [...new Set(provinces.all.flatMap(p => d.result.flatMap(s => p.mappings.get(s.name)?.contentType ?? [])))]
  const results = d.result.length === 1 ? ref(d.result[0]!.name) : { oneOf: d.result.map(s => ref(s.name)) }
  return {
    operationId: exchangeKey(d).replaceAll(/[.-](\w)/g, (_, c: string) => c.toUpperCase()),
    tags: ['exchanges'], summary: `${d.title.zh} ${d.title.en}`, description: `${d.summary.zh}\n\n${d.summary.en}`,
    parameters: [
      { name: 'Prefer', in: 'header', schema: { type: 'string' }, example: 'wait=10', description: '等待秒数，最多 30 / seconds to wait for the reply, 30 at most (RFC 7240)' },
      { name: 'Idempotency-Key', in: 'header', schema: { type: 'string', minLength: 1, maxLength: 200 }, description: '相同键与相同报文得到相同应答 / the same key with the same bytes gets the same answer' },
      ...EXCHANGE_HEADERS.map(h => ({ name: h.name, in: 'header', schema: { type: h.form === 'integer' ? 'integer' : 'string' }, description: `${h.zh}${h.form === 'json' ? '（百分号编码的 JSON）' : ''} / ${h.en}${h.form === 'json' ? ' (percent-encoded JSON)' : ''}` })),
    ],
    requestBody: { required: true, content: { ...Object.fromEntries(types.map(t => [t, { schema: native }])), ...content(CANONICAL_TYPE, ref(d.request.name)) } },
    responses: {
      200: {
        description: '应答 / the reply', content: { ...Object.fromEntries(replies.map(t => [t, { schema: native }])), ...content(FHIR_TYPE, { type: 'object' }), ...content(CANONICAL_TYPE, results) },
        headers: {
          'Tongqu-Exchange': header('id'), 'Tongqu-Case': header('case'), 'Tongqu-Partial': header('whether a province is missing', { type: 'boolean' }),
          'Tongqu-Loss': header('fields that the format cannot carry', { type: 'integer' }), 'Preference-Applied': header('wait=N'), 'Idempotency-Replayed': header('true when the key came before'),
        },
      },
      202: { description: '已受理 / accepted', content: content('application/json', ref('accepted')), headers: { Location: header('the exchange') } },
      ...Object.fromEntries(PROBLEM_STATUSES.map(status => [status, problem])),
    },
  }
}
const PROBLEM_STATUSES = [400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 503, 504]

function platformOperation(r: PlatformRoute): object {
  const pathNames = [...r.path.matchAll(/\{(\w+)\}/g)].map(m => m[1]!)
  return {
    operationId: r.id, tags: [r.tag], summary: `${r.zh} ${r.en}`,
    ...(r.open && { security: [] }),
    parameters: [
      ...pathNames.map(name => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...(r.query ?? []).map(q => ({ name: q.name, in: 'query', schema: q.schema, description: q.description })),
    ],
    ...(r.body && { requestBody: { required: r.body.required, content: content(r.body.type ?? 'application/json', r.body.schema) } }),
    responses: {
      [r.status]: { description: r.en, ...(r.answer && { content: content(r.answer.type ?? 'application/json', r.answer.schema) }) },
      default: problem,
    },
  }
}
