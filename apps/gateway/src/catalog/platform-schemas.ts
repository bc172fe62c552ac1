import { FAILURE_CODES } from '#kernel'

const text = { type: 'string' }
const instant = { type: 'string', format: 'date-time' }
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` })
const texts = (properties: Record<string, object>, required = Object.keys(properties)): object => ({ type: 'object', required, properties })
const array = (items: object): object => ({ type: 'array', items })
const state = { enum: ['OPEN', 'BLOCKED', 'COMPLETED', 'REJECTED', 'FAILED', 'EXPIRED'] }
const links = texts({ self: text, reply: text })

/** Forms of what the gateway itself says, for OpenAPI. */
export const PLATFORM_SCHEMAS: Readonly<Record<string, object>> = {
  fault: texts({ code: { enum: FAILURE_CODES }, pointer: { type: 'string', description: 'place in the sender’s own document, or a header’s name' }, zh: text, en: text }),
  problem: texts({
    type: text, title: text, status: { type: 'integer' }, detail: text, instance: text, code: { enum: FAILURE_CODES }, exchange: text, who: { enum: ['sender', 'operator', 'target', 'retry'] },
    todo: texts({ zh: text, en: text }), faults: array(ref('fault')),
  }, ['type', 'title', 'status', 'code', 'faults']),
  accepted: texts({ id: text, case: text, state, links }),
  step: texts({ by: text, what: text, at: instant, ms: { type: 'number' }, about: text, note: text, versions: { type: 'object' } }, ['by', 'what', 'at', 'ms']),
  exchange: texts({
    id: text, exchange: text, participantId: text, province: text, caseId: text, seq: { type: 'integer' }, state, partial: { type: 'boolean' }, targets: array(text), purpose: text,
    receivedAt: instant, finishedAt: instant, attempt: { type: 'integer' }, versions: { type: 'object' }, digest: text, steps: array(ref('step')), faults: array(ref('fault')), links,
  }, ['id', 'exchange', 'caseId', 'state', 'partial', 'receivedAt', 'steps', 'faults']),
  'inbox-item': texts({ id: text, exchange: text, contentType: text, receivedAt: instant, deadline: instant, document: text, encoding: { enum: ['utf-8', 'base64'] }, links: { type: 'object' } }, ['id', 'exchange', 'contentType', 'document', 'encoding']),
  right: texts({ exchange: text, province: text, purposes: array(text) }),
  participant: texts({
    id: text, name: text, nameEn: text, province: { type: ['string', 'null'] }, organizationCode: text, role: { enum: ['asker', 'holder', 'both', 'operator'] }, active: { type: 'boolean' },
    keys: array({ type: 'object' }), rights: array(ref('right')),
  }, ['id', 'name', 'organizationCode', 'role']),
  'issued-key': texts({ id: text, key: { type: 'string', description: 'shown this once' }, expiresAt: { type: ['string', 'null'], format: 'date-time' } }),
}
