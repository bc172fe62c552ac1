import type { DeliverBody, PendingEffect } from '#messaging'
import type { Authorization, Requester } from '#schemas'

/**
 * HTTP headers of a delivery, beside the native body.
 *
 * | Header | Value | When |
 * | --- | --- | --- |
 * | `Content-Type` | of the dialect, charset included | always |
 * | `Idempotency-Key` | id of this delivery, the same when it is sent again; `GET <statusPath>/<id>` asks for it | always |
 * | `Tongqu-Exchange` | `medical-records.discover` | always |
 * | `Tongqu-Exchange-Id` | id of the journey | always |
 * | `Tongqu-Case` | id of the case, percent-encoded | always |
 * | `Tongqu-Deadline` | ISO 8601 UTC; a later answer is not used | when there is one |
 * | `traceparent` | W3C Trace Context | always |
 * | `Tongqu-Purpose` | `TREAT` … (v3-ActReason) | where the mapping says `supplied` |
 * | `Tongqu-Targets` | province codes separated by commas | likewise |
 * | `Tongqu-Requester` | percent-encoded JSON `{practitioner: {role}, organization: {code, name}, department?}` | likewise |
 * | `Tongqu-Authorization` | percent-encoded JSON `{legalBasis?, consent?: {reference, grantedOn, validUntil?, grantee?}, careRelation?: {kind}}` | likewise |
 *
 * The rows of a flat file carry the person alone, so who asks and why travels beside them; the mapping's `supplied` says what.
 *
 * @param supplied canonical path → header
 */
export function deliveryHeaders(effect: PendingEffect, contentType: string, supplied: Readonly<Record<string, string>>): Record<string, string> {
  const { exchange, document } = effect.input as DeliverBody
  const headers: Record<string, string> = {
    'content-type': contentType, 'idempotency-key': effect.id, 'tongqu-exchange': exchange, 'tongqu-exchange-id': effect.exchangeId, 'tongqu-case': encodeURIComponent(effect.caseId), traceparent: effect.traceparent,
  }
  if (effect.deadline) headers['tongqu-deadline'] = effect.deadline
  for (const path in supplied) {
    const value = impersonal(document as Asked, path, supplied)
    if (value !== undefined) headers[supplied[path]!.toLowerCase()] = encoded(value)
  }
  return headers
}

interface Asked { readonly requester?: Requester; readonly authorization?: Authorization; readonly targets?: readonly string[] }

/**
 * The part of a request that may stand in a header. Headers end up in access logs: they name organisations, roles and grounds, never a
 * person, so the practitioner's name and number and the number of a visit stay out, and so does whatever is not listed here.
 */
function impersonal({ requester, authorization, targets }: Asked, path: string, supplied: Readonly<Record<string, string>>): unknown {
  switch (path) {
    case 'targets': return targets
    case 'requester': return requester && { practitioner: { role: requester.practitioner.role }, organization: requester.organization, department: requester.department }
    case 'authorization.purpose': return authorization?.purpose
    case 'authorization': {
      if (!authorization) return undefined
      const { purpose, legalBasis, consent, careRelation } = authorization
      return { ...(!('authorization.purpose' in supplied) && { purpose }), legalBasis, consent, careRelation: careRelation && { kind: careRelation.kind } }
    }
    default: return undefined
  }
}

const encoded = (value: unknown): string => Array.isArray(value) ? value.map(v => encodeURIComponent(String(v))).join(',') : encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value))
