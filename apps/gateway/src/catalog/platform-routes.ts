const text = { type: 'string' }
const whole = { type: 'integer', minimum: 0 }
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` })
const list = (name: string, item: object): object => ({ type: 'object', required: [name], properties: { [name]: { type: 'array', items: item } } })

export interface PlatformRoute {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** OpenAPI form: `/v1/exchanges/{id}`. */
  readonly path: string
  readonly id: string
  readonly tag: 'exchanges' | 'inbox' | 'catalog' | 'operators' | 'health'
  readonly zh: string
  readonly en: string
  readonly status: 200 | 201 | 202 | 204
  /** Needs no key. */
  readonly open?: boolean
  readonly query?: readonly { readonly name: string; readonly schema: object; readonly description: string }[]
  readonly body?: { readonly required: boolean; readonly type?: string; readonly schema: object }
  readonly answer?: { readonly type?: string; readonly schema: object }
}

const limit = { name: 'limit', schema: whole, description: '条数上限 / most to list' }

/** The routes beside the exchanges' own; OpenAPI and the docs page list them, a spec compares them with what the server serves. */
export const PLATFORM_ROUTES: readonly PlatformRoute[] = [
  { method: 'get', path: '/v1/exchanges/{id}', id: 'showExchange', tag: 'exchanges', zh: '交换状态与各步骤', en: 'state and every step of an exchange', status: 200, answer: { schema: ref('exchange') } },
  { method: 'get', path: '/v1/exchanges/{id}/reply', id: 'exchangeReply', tag: 'exchanges', zh: '取回应答（格式由 Accept 决定）', en: 'the reply, in the format that Accept names', status: 200, answer: { type: '*/*', schema: {} } },
  {
    method: 'get', path: '/v1/inbox', id: 'fetchInbox', tag: 'inbox', zh: '拉取待办报文', en: 'what waits for a province that fetches', status: 200, answer: { schema: list('items', ref('inbox-item')) },
    query: [{ name: 'wait', schema: whole, description: '等待秒数，最多 30 / seconds to wait, 30 at most' }, limit],
  },
  { method: 'post', path: '/v1/inbox/{id}/ack', id: 'acknowledgeInboxItem', tag: 'inbox', zh: '确认收到', en: 'acknowledges an item', status: 204 },
  { method: 'post', path: '/v1/inbox/{id}/answer', id: 'answerInboxItem', tag: 'inbox', zh: '以本省方言应答', en: 'answers an item in the dialect of the province', status: 202, body: { required: true, type: '*/*', schema: {} } },
  { method: 'get', path: '/v1/catalog', id: 'catalog', tag: 'catalog', zh: '目录：全部交换、模式、方言与样例', en: 'every exchange with its schemas, dialects and samples', status: 200, open: true, answer: { schema: { type: 'object' } } },
  { method: 'get', path: '/v1/schemas', id: 'schemas', tag: 'catalog', zh: '标准模式列表', en: 'the canonical schemas', status: 200, open: true, answer: { schema: list('schemas', { type: 'object' }) } },
  { method: 'get', path: '/v1/schemas/{name}', id: 'schema', tag: 'catalog', zh: '一个标准模式（JSON Schema 2020-12）', en: 'one canonical schema', status: 200, open: true, answer: { type: 'application/schema+json', schema: { type: 'object' } } },
  { method: 'get', path: '/v1/exchanges', id: 'listExchanges', tag: 'operators', zh: '查询交换记录', en: 'lists exchanges', status: 200, query: [{ name: 'state', schema: text, description: 'OPEN, BLOCKED, COMPLETED, REJECTED, FAILED, EXPIRED' }, { name: 'case', schema: text, description: '业务编号 / case' }, limit], answer: { schema: list('exchanges', ref('exchange')) } },
  { method: 'get', path: '/v1/participants', id: 'listParticipants', tag: 'operators', zh: '参与机构及其密钥与权限', en: 'participants with keys and rights', status: 200, answer: { schema: list('participants', ref('participant')) } },
  { method: 'post', path: '/v1/participants', id: 'registerParticipant', tag: 'operators', zh: '登记参与机构', en: 'registers a participant', status: 201, body: { required: true, schema: ref('participant') }, answer: { schema: ref('participant') } },
  { method: 'post', path: '/v1/participants/{id}/keys', id: 'issueKey', tag: 'operators', zh: '签发密钥（仅显示一次）', en: 'issues a key, shown once', status: 201, body: { required: false, schema: { type: 'object', properties: { expiresAt: { type: 'string', format: 'date-time' } } } }, answer: { schema: ref('issued-key') } },
  { method: 'post', path: '/v1/participants/{id}/keys/{keyId}/rotate', id: 'rotateKey', tag: 'operators', zh: '轮换密钥（旧密钥在重叠期内仍有效）', en: 'a new key; the old one works until the overlap ends', status: 201, body: { required: false, schema: { type: 'object', properties: { overlapSeconds: whole } } }, answer: { schema: ref('issued-key') } },
  { method: 'delete', path: '/v1/participants/{id}/keys/{keyId}', id: 'revokeKey', tag: 'operators', zh: '停用密钥', en: 'ends a key at once', status: 204 },
  { method: 'put', path: '/v1/participants/{id}/rights', id: 'setRights', tag: 'operators', zh: '设置权限（整体替换）', en: 'replaces all rights of a participant', status: 200, body: { required: true, schema: list('rights', ref('right')) }, answer: { schema: list('rights', ref('right')) } },
  { method: 'get', path: '/v1/dead-letters', id: 'listDeadLetters', tag: 'operators', zh: '死信列表', en: 'messages that could not be handled', status: 200, query: [{ name: 'status', schema: text, description: 'OPEN, REPLAYED' }, limit], answer: { schema: list('deadLetters', { type: 'object' }) } },
  { method: 'get', path: '/v1/dead-letters/{id}', id: 'showDeadLetter', tag: 'operators', zh: '查看死信（不含内容）', en: 'one dead letter, without its content', status: 200, answer: { schema: { type: 'object' } } },
  { method: 'post', path: '/v1/dead-letters/{id}/replay', id: 'replayDeadLetter', tag: 'operators', zh: '重放死信', en: 'has a dead letter handled once more', status: 202 },
  { method: 'get', path: '/v1/evidence', id: 'exportEvidence', tag: 'operators', zh: '导出证据链（NDJSON）', en: 'exports the evidence chains, one row a line', status: 200, query: [{ name: 'exchange', schema: text, description: '仅此交换 / rows of this exchange alone' }], answer: { type: 'application/x-ndjson', schema: text } },
  { method: 'get', path: '/v1/access-notices', id: 'listAccessNotices', tag: 'operators', zh: '调阅告知记录', en: 'notices to people whose records were looked at', status: 200, query: [{ name: 'exchange', schema: text, description: '交换编号 / exchange id' }, { name: 'person', schema: text, description: '个人的带密钥摘要 / keyed hash of the person' }, limit], answer: { schema: list('accessNotices', { type: 'object' }) } },
  { method: 'get', path: '/health/live', id: 'live', tag: 'health', zh: '进程存活', en: 'the process runs', status: 200, open: true, answer: { schema: { type: 'object' } } },
  { method: 'get', path: '/health/ready', id: 'ready', tag: 'health', zh: '可以服务', en: 'it can serve (503 when not)', status: 200, open: true, answer: { schema: { type: 'object' } } },
  { method: 'get', path: '/metrics', id: 'metrics', tag: 'health', zh: '指标（Prometheus 文本格式）', en: 'metrics in the Prometheus text format', status: 200, open: true, answer: { type: 'text/plain', schema: text } },
  { method: 'get', path: '/openapi.json', id: 'openapi', tag: 'catalog', zh: '本描述', en: 'this description', status: 200, open: true, answer: { schema: { type: 'object' } } },
  { method: 'get', path: '/docs', id: 'docs', tag: 'catalog', zh: '可读文档', en: 'the readable page', status: 200, open: true, answer: { type: 'text/html', schema: text } },
]
