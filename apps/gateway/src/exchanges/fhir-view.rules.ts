import { childId } from '#kernel'

export const FHIR_TYPE = 'application/fhir+json'

type Members = Readonly<Record<string, unknown>>
interface ProvinceResult extends Members { readonly province: string; readonly patient?: Members; readonly documents?: readonly Members[]; readonly answer?: string; readonly text?: string }
interface Missing { readonly province: string; readonly reason: string; readonly text?: string }
interface Issue { readonly severity: 'error' | 'warning' | 'information'; readonly code: string; readonly diagnostics: string; readonly expression?: readonly string[] }

const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A canonical reply as FHIR R4: a document as it is; what provinces found as a searchset Bundle with an OperationOutcome that names who
 * is missing and what the others said; a refusal as an OperationOutcome. Undefined for a reply that FHIR has no form for.
 */
export function fhirView(canonical: unknown, exchangeId: string): Members | undefined {
  if (!isMembers(canonical)) return undefined
  if (typeof canonical.resourceType === 'string') return canonical
  if (Array.isArray(canonical.provinces) && Array.isArray(canonical.missing)) return searchset(canonical.provinces as ProvinceResult[], canonical.missing as Missing[], exchangeId)
  if (isMembers(canonical.fault)) return outcome([{ severity: 'error', code: 'processing', diagnostics: [canonical.fault.code, canonical.fault.text].filter(Boolean).join(': ') }])
  return undefined
}

function searchset(provinces: readonly ProvinceResult[], missing: readonly Missing[], exchangeId: string): Members {
  const matches = provinces.flatMap(p => [...(p.patient ? [p.patient] : []), ...(p.documents ?? [])].map((resource, n) => ({
    fullUrl: `urn:uuid:${childId(exchangeId, p.province, n)}`,
    // FHIR's own place for where a resource came from
    resource: { ...resource, meta: { ...(isMembers(resource.meta) ? resource.meta : {}), source: `https://tongqu.example/provinces/${p.province}` } },
    search: { mode: 'match' },
  })))
  const issues = [...provinces.flatMap(answerIssue), ...missing.map(missingIssue)]
  const notes = issues.length ? [{ fullUrl: `urn:uuid:${childId(exchangeId, 'outcome')}`, resource: outcome(issues), search: { mode: 'outcome' } }] : []
  return { resourceType: 'Bundle', id: exchangeId, type: 'searchset', total: matches.length, entry: [...matches, ...notes] }
}

const outcome = (issue: readonly Issue[]): Members => ({ resourceType: 'OperationOutcome', issue })

/** An answer without a resource is an answer, too: none, several, more wanted, or found and not certain. */
const answerIssue = (p: ProvinceResult): Issue[] => (p.patient || p.documents ? [] : [{
  severity: p.answer === 'none' ? 'information' : 'warning', code: p.answer === 'none' ? 'not-found' : p.answer === 'several' ? 'multiple-matches' : 'incomplete',
  diagnostics: [p.province, p.answer, p.text, Array.isArray(p.attributesWanted) ? p.attributesWanted.join(', ') : undefined].filter(Boolean).join(': '),
}])

const CODES: Readonly<Record<string, string>> = { TIMEOUT: 'timeout', UNAVAILABLE: 'transient', ANSWER_INVALID: 'invalid', NOT_RESOLVED: 'not-found' }
const missingIssue = (m: Missing): Issue => ({ severity: 'warning', code: CODES[m.reason] ?? 'exception', diagnostics: [m.province, m.reason, m.text].filter(Boolean).join(': ') })
