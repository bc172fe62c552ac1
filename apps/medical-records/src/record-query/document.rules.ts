import type { DocumentBundle, Patient, PersonQuery } from '#schemas'
import { evidenceOfPatient, evidenceOfQuery, judge } from './identity-match.rules.js'
import type { ListedDocument } from './record-query.case.js'

export type Objection =
  /** Identity rule R1 does not hold for a patient in the bundle: another person, or not certain. */
  | 'WRONG_PATIENT'
  /** The composition's subject, or that of any resource, is not a patient of the bundle. */
  | 'SUBJECT_UNCLEAR'
  /** Another document than the one asked for. */
  | 'OTHER_DOCUMENT'
  /** Superseded or entered in error. */
  | 'NOT_CURRENT'
  /** The content is not what the holder's list announced. */
  | 'HASH_DIFFERS'

export const OBJECTIONS: Readonly<Record<Objection, { readonly zh: string; readonly en: string }>> = {
  WRONG_PATIENT: { zh: '文档患者与所查患者不一致', en: 'the document is not certainly about the person asked for' },
  SUBJECT_UNCLEAR: { zh: '文档未指明患者', en: 'the document does not say clearly whom it is about' },
  OTHER_DOCUMENT: { zh: '返回的不是所请求的文档', en: 'another document than the one asked for' },
  NOT_CURRENT: { zh: '文档已被替代或作废', en: 'the document was superseded or voided' },
  HASH_DIFFERS: { zh: '文档内容与目录摘要不一致', en: 'the content differs from the holder’s list' },
}

interface Resource { readonly resourceType: string; readonly id?: string; readonly status?: string; readonly identifier?: unknown; readonly subject?: Ref; readonly patient?: Ref }
interface Ref { readonly reference?: string }
interface Asked { readonly documentId: string; readonly subject: PersonQuery; readonly listed: ListedDocument; readonly nativeDigest: string | undefined }

/** Everything that forbids handing this document to the asker; empty: it may go. */
export function objectionsTo(bundle: DocumentBundle, asked: Asked, today: string): Objection[] {
  const found: Objection[] = []
  const { patients, clear } = patientsOf(bundle)
  const evidence = evidenceOfQuery(asked.subject, today)
  if (patients.some(p => judge(evidence, evidenceOfPatient(p, today)).certainty !== 'certain')) found.push('WRONG_PATIENT')
  if (!clear) found.push('SUBJECT_UNCLEAR')
  const composition = bundle.entry[0]!.resource as Resource
  if (bundle.identifier.value !== asked.documentId && (composition.identifier as { value?: string } | undefined)?.value !== asked.documentId) found.push('OTHER_DOCUMENT')
  if (asked.listed.status !== 'current' || composition.status === 'entered-in-error') found.push('NOT_CURRENT')
  if (hashAgreement(asked.listed.hash, asked.nativeDigest) === 'differs') found.push('HASH_DIFFERS')
  return found
}

/** The patients of a document, and whether everything in it that has a subject is about one of them. */
function patientsOf(bundle: DocumentBundle): { patients: Patient[]; clear: boolean } {
  const patients: Patient[] = []
  const names = new Set<string>()
  for (const { fullUrl, resource } of bundle.entry) {
    if (resource.resourceType !== 'Patient') continue
    patients.push(resource as Patient)
    names.add(fullUrl)
    if ((resource as Resource).id) names.add(`Patient/${(resource as Resource).id}`)
  }
  const composition = bundle.entry[0]!.resource as Resource
  let clear = patients.length > 0 && composition.resourceType === 'Composition' && composition.subject?.reference !== undefined
  for (const { resource } of bundle.entry as { resource: Resource }[]) {
    const reference = (resource.subject ?? resource.patient)?.reference
    if (reference !== undefined && !names.has(reference)) clear = false
  }
  return { patients, clear }
}

/**
 * A listed hash against the digest of the native bytes. SHA-256 in hexadecimal or base64 is compared, and without a digest it differs;
 * other algorithms (FHIR R4 names SHA-1) cannot be compared: the evidence then says so.
 */
export function hashAgreement(listed: string | undefined, nativeDigest: string | undefined): 'agrees' | 'differs' | 'not-comparable' {
  const text = listed?.trim() ?? ''
  const hex = /^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : /^[0-9A-Za-z+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64').toString('hex') : undefined
  if (hex === undefined) return 'not-comparable'
  return hex === nativeDigest ? 'agrees' : 'differs'
}

const UNFINISHED = new Set(['preliminary', 'partial', 'registered'])
/** The holder itself says that more is to come: then the result is told as partial. */
export const isUnfinished = (bundle: DocumentBundle): boolean =>
  bundle.entry.some(({ resource }) => (resource.resourceType === 'Composition' || resource.resourceType === 'DiagnosticReport') && UNFINISHED.has(String((resource as Resource).status)))
