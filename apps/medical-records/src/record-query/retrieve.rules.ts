import { fault, needsReview, type FailureCode, type Fault } from '#kernel'
import { retrieve, retrieveFault, type DocumentBundle } from '#schemas'
import { hashAgreement, isUnfinished, OBJECTIONS, objectionsTo } from './document.rules.js'
import type { Conclusion, ExchangeRules } from './exchange.rules.js'
import { IDENTITY_RULES_VERSION } from './identity-match.rules.js'
import { stillResolved } from './list.rules.js'
import type { Leg, MissingReason, OpenExchange, RecordQueryData } from './record-query.case.js'

interface Found { readonly schema: string; readonly document: unknown; readonly nativeDigest?: string }

/**
 * Retrieval of one document from one province. What arrives is checked again: its patient must be the person asked for under R1, it must
 * be the document asked for, current, and as the holder's list announced it. Otherwise nothing is handed over and somebody looks into it.
 */
export const retrieveRules: ExchangeRules<Found> = {
  definition: retrieve,
  withdrawn: ['failed'],

  read: (_province, { schema, document, nativeDigest }): Leg<Found> => ({ status: 'answered', found: { schema: schema!, document, nativeDigest } }),

  conclude(data, exchange, _permit, today): Conclusion {
    const [province, leg] = Object.entries(exchange.legs)[0]!
    if (leg.status !== 'answered') return notDelivered(data, province, leg.status === 'missing' ? leg.reason : 'TIMEOUT')
    if (!stillResolved(data, exchange.holders, province)) return notDelivered(data, province, 'NOT_RESOLVED')
    const { schema, document, nativeDigest } = leg.found
    if (schema === retrieveFault.name) {
      return { data, signals: ['failed'], disclosed: [], result: { state: 'COMPLETED', partial: false, schema, result: document }, detail: { province, refusedByHolder: true } }
    }
    return handOver(data, exchange, province, schema, document as DocumentBundle, nativeDigest, today)
  },
}

function handOver(data: RecordQueryData, exchange: OpenExchange, province: string, schema: string, bundle: DocumentBundle, nativeDigest: string | undefined, today: string): Conclusion {
  const documentId = exchange.documentId!
  const listed = data.documents[province]?.[documentId] ?? { status: 'superseded' }
  const objections = objectionsTo(bundle, { documentId, subject: data.subject!, listed, nativeDigest }, today)
  const detail = { province, identityRules: IDENTITY_RULES_VERSION, hash: hashAgreement(listed.hash, nativeDigest), ...(nativeDigest && { native: nativeDigest }) }
  const [first] = objections
  if (first) {
    return {
      data, signals: ['failed'], disclosed: [], outcome: needsReview(first), detail: { ...detail, objections: objections.join(' ') },
      result: failed(objections.map(o => fault('TARGET_ANSWER_INVALID', '/documentId', { zh: `${o} ${OBJECTIONS[o].zh}`, en: `${o} ${OBJECTIONS[o].en}` }))),
    }
  }
  const unfinished = isUnfinished(bundle)
  return {
    data, signals: ['transformed', unfinished ? 'unfinished' : 'delivered'], disclosed: [province], detail: { ...detail, rule: 'R1' },
    result: { state: 'COMPLETED', partial: unfinished, schema, result: bundle },
  }
}

const FAILURE_OF: Readonly<Record<MissingReason, FailureCode>> = {
  TIMEOUT: 'TARGET_TIMEOUT', UNAVAILABLE: 'TARGET_UNAVAILABLE', ANSWER_INVALID: 'TARGET_ANSWER_INVALID', FAULT: 'TARGET_ANSWER_INVALID', NOT_RESOLVED: 'STATE_FORBIDS',
}
const failed = (faults: readonly Fault[]): Conclusion['result'] => ({ state: 'FAILED', partial: false, faults })
const notDelivered = (data: RecordQueryData, province: string, reason: MissingReason): Conclusion =>
  ({ data, signals: [reason === 'TIMEOUT' ? 'expired' : 'failed'], disclosed: [], result: failed([fault(FAILURE_OF[reason], '/targets/0')]), detail: { province, missing: reason } })
