/**
 * States of a record query (调阅). One case may carry many exchanges, so the state says how far the case has come, and its last retrieval
 * how it ended; what is still under way stands in the case's data.
 *
 * RECEIVED, AUTHORISED and TRANSFORMED are passed through within one decision. A discovery that nobody answered falls back to AUTHORISED.
 * DENIED is never left: a corrected request opens a new case. A denial after the opening ends its exchange and leaves the case as it is.
 */
export const STATES = ['NEW', 'RECEIVED', 'AUTHORISED', 'DENIED', 'DISCOVERING', 'RESOLVED', 'NOT_FOUND', 'AMBIGUOUS', 'NEED_MORE_ATTRS',
  'LISTED', 'RETRIEVING', 'TRANSFORMED', 'DELIVERED', 'PARTIAL', 'EXPIRED', 'FAILED'] as const
export type RecordQueryState = (typeof STATES)[number]

/** What moves a case: messages, told apart by what they mean for it. */
export const SIGNALS = [
  // requests: where they have no entry, the state forbids them
  'discover.request', 'permit', 'deny', 'discover.deliver', 'list.request', 'retrieve.request',
  // a discovery closes: somebody certain; else the most that was said
  'resolved', 'several', 'need-attributes', 'none', 'unanswered',
  // a list closes with at least one province's answer
  'listed',
  // a retrieval closes: accepted and on its way to the asker; a report its holder calls unfinished; nothing before the deadline; refused or unusable
  'transformed', 'delivered', 'unfinished', 'expired', 'failed',
] as const
export type Signal = (typeof SIGNALS)[number]

/** Nobody is known for certain yet. */
const SEEKING = ['AUTHORISED', 'DISCOVERING', 'NOT_FOUND', 'AMBIGUOUS', 'NEED_MORE_ATTRS'] as const
/** At least one province knows the person for certain. */
const KNOWN = ['RESOLVED', 'LISTED', 'RETRIEVING', 'DELIVERED', 'PARTIAL', 'EXPIRED', 'FAILED'] as const
const WITH_DOCUMENTS = ['LISTED', 'RETRIEVING', 'DELIVERED', 'PARTIAL', 'EXPIRED', 'FAILED'] as const

/** The table: from any of these states, the signal leads to that one; `same`: it is expected there and changes nothing. */
export const TRANSITIONS: readonly (readonly [Signal, readonly RecordQueryState[], RecordQueryState | 'same'])[] = [
  ['discover.request', ['NEW'], 'RECEIVED'],
  ['discover.request', [...SEEKING, ...KNOWN], 'same'],
  ['permit', ['RECEIVED'], 'AUTHORISED'],
  ['deny', ['RECEIVED'], 'DENIED'],
  ['discover.deliver', SEEKING, 'DISCOVERING'],
  ['discover.deliver', KNOWN, 'same'],
  ['resolved', SEEKING, 'RESOLVED'],
  ['resolved', KNOWN, 'same'],
  // also from KNOWN: a later discovery may take back the last certain province
  ['several', [...SEEKING, ...KNOWN], 'AMBIGUOUS'],
  ['need-attributes', [...SEEKING, ...KNOWN], 'NEED_MORE_ATTRS'],
  ['none', [...SEEKING, ...KNOWN], 'NOT_FOUND'],
  ['unanswered', ['DISCOVERING'], 'AUTHORISED'],
  ['unanswered', ['AUTHORISED', 'NOT_FOUND', 'AMBIGUOUS', 'NEED_MORE_ATTRS', ...KNOWN], 'same'],
  ['list.request', KNOWN, 'same'],
  ['listed', ['RESOLVED'], 'LISTED'],
  ['listed', WITH_DOCUMENTS, 'same'],
  ['listed', SEEKING, 'same'],
  ['retrieve.request', WITH_DOCUMENTS, 'RETRIEVING'],
  ['transformed', KNOWN, 'TRANSFORMED'],
  ['delivered', ['TRANSFORMED'], 'DELIVERED'],
  ['unfinished', ['TRANSFORMED'], 'PARTIAL'],
  ['expired', KNOWN, 'EXPIRED'],
  ['failed', KNOWN, 'FAILED'],
  // the person stopped being certain while a retrieval was under way: it ends, the case stays where discovery put it
  ['expired', SEEKING, 'same'],
  ['failed', SEEKING, 'same'],
]

const table = new Map<string, RecordQueryState>()
for (const [signal, from, to] of TRANSITIONS) for (const state of from) table.set(`${state} ${signal}`, to === 'same' ? state : to)

/** The state after the signals, one after the other; undefined where the state forbids one of them. */
export function advance(state: RecordQueryState, ...signals: readonly Signal[]): RecordQueryState | undefined {
  let at: RecordQueryState | undefined = state
  for (const signal of signals) at = at && table.get(`${at} ${signal}`)
  return at
}
