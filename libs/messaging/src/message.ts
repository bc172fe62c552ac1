/**
 * One message between the parts of Tongqu: CloudEvents 1.0 in binary mode. The body travels as bytes, untouched; everything a router
 * needs is a header. Headers and keys never carry personal data (requester, person and consent travel in the body).
 */
export interface Message {
  /** `ce_id`, a UUID; the key of the receiver's inbox. An output of a repeated step has the same id again. */
  readonly id: string
  /** `ce_type`: `<domain>.<message>.<form>`, e.g. `medical-records.discover.request`. */
  readonly type: string
  /** `ce_source`: the part that said it, e.g. `gateway`. */
  readonly source: string
  /** `ce_subject`: the case, the unit of ordering. */
  readonly caseId: string
  /** Ordering key (the broker's message key). Never personal data. */
  readonly key: string
  readonly topic: string
  /** `tq_exchange`: the journey this message belongs to. */
  readonly exchangeId: string
  /** `ce_time`, ISO 8601 UTC. */
  readonly time: string
  /** `tq_seq`: place of this message in its case (1, 2, …), given by the sender or the gateway; absent on internal messages. */
  readonly seq?: number
  /** `tq_deadline`, ISO 8601 UTC: after this instant the answer is logged, not used. */
  readonly deadline?: string
  /** `tq_attempt`: 0, or how often the message was emitted again because its exchange made no progress. */
  readonly attempt: number
  /** W3C trace context. */
  readonly traceparent: string
  /** `tq_versions`: versions that produced the body, e.g. `{ schema: 'discover-request@1', mapping: 'fujian/discover-request@1' }`. */
  readonly versions: Readonly<Record<string, string>>
  /** `tq_trail`: the steps so far, so that the exchange's record can show them. */
  readonly trail: readonly Step[]
  /** UTF-8 JSON unless the type says otherwise. */
  readonly body: Buffer
}

/** One step of a journey. `at`: when it was done, ISO 8601 UTC; `ms`: how long it took, the wait before it included. */
export interface Step {
  readonly by: string
  readonly what: string
  readonly at: string
  readonly ms: number
  /** e.g. the province asked. */
  readonly about?: string
  readonly note?: string
  readonly versions?: Readonly<Record<string, string>>
}

/** A message as it lies on a transport. */
export interface Envelope {
  readonly topic: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const HEADER = { id: 'ce_id', type: 'ce_type', source: 'ce_source', caseId: 'ce_subject', time: 'ce_time' } as const

export function toEnvelope(m: Message): Envelope {
  const headers: Record<string, string> = {
    ce_specversion: '1.0', ce_id: m.id, ce_type: m.type, ce_source: m.source, ce_subject: m.caseId, ce_time: m.time,
    'content-type': 'application/json', tq_exchange: m.exchangeId, tq_attempt: String(m.attempt), traceparent: m.traceparent,
  }
  if (m.seq !== undefined) headers.tq_seq = String(m.seq)
  if (m.deadline !== undefined) headers.tq_deadline = m.deadline
  for (const _ in m.versions) { headers.tq_versions = JSON.stringify(m.versions); break }
  if (m.trail.length) headers.tq_trail = JSON.stringify(m.trail)
  return { topic: m.topic, key: m.key, headers, body: m.body }
}

/** Reads an envelope; throws a plain Error naming the header that is missing or unreadable. */
export function fromEnvelope(e: Envelope): Message {
  const h = e.headers
  const need = (name: string): string => {
    const value = h[name]
    if (!value) throw new Error(`header ${name} is missing`)
    return value
  }
  const seq = h.tq_seq === undefined ? undefined : Number(h.tq_seq)
  if (seq !== undefined && !Number.isSafeInteger(seq)) throw new Error('header tq_seq is not a number')
  return {
    id: need(HEADER.id), type: need(HEADER.type), source: need(HEADER.source), caseId: need(HEADER.caseId), time: need(HEADER.time),
    key: e.key, topic: e.topic, exchangeId: need('tq_exchange'), seq, deadline: h.tq_deadline, attempt: Number(h.tq_attempt ?? 0),
    traceparent: h.traceparent ?? '', versions: h.tq_versions ? JSON.parse(h.tq_versions) as Record<string, string> : {},
    trail: h.tq_trail ? JSON.parse(h.tq_trail) as Step[] : [], body: e.body,
  }
}
