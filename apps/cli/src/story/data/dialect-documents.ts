import { createHash } from 'node:crypto'
import { Failure } from '#kernel'
import type { Loss } from '#mapping'
import type { Province } from '#provinces'
import type { DiscoverAnswer, DocumentBundle, DocumentReference, ListAnswer, Patient } from '#schemas'

/** One document as a province would hold it: written by the province’s own outbound mapping. */
export interface HeldDocument {
  readonly id: string
  readonly schema: 'lab-report' | 'discharge-summary'
  readonly source: DocumentBundle
  readonly bytes: Buffer
  readonly loss: readonly Loss[]
}

export type Written = { readonly ok: true; readonly document: HeldDocument } | { readonly ok: false; readonly id: string; readonly why: readonly string[] }

/** Writes a canonical document in the province’s dialect; what the dialect must have and the document lacks is named. */
export function writeDocument(province: Province, schema: HeldDocument['schema'], source: DocumentBundle): Written {
  const id = source.identifier.value
  try {
    const { bytes, loss } = mappingOf(province, schema).write(source)
    return { ok: true, document: { id, schema, source, bytes, loss } }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { ok: false, id, why: error.faults.length ? error.faults.map(f => `${f.code} ${f.pointer}`) : [error.code] }
  }
}

/** The province’s answer to discovery: this one person, under the province’s own number. */
export const matchAnswer = (province: Province, patient: Patient): Buffer =>
  mappingOf(province, 'discover-answer').write({ answer: 'match', candidates: [patient] } satisfies DiscoverAnswer).bytes

/** The province’s document list, each with the hash of the bytes it delivers. */
export const listAnswer = (province: Province, documents: readonly HeldDocument[]): Buffer =>
  mappingOf(province, 'list-answer').write({ documents: documents.map(d => referenceOf(province, d)) } satisfies ListAnswer).bytes

function referenceOf(province: Province, d: HeldDocument): DocumentReference {
  const composition = d.source.entry[0]!.resource as unknown as { title?: string; type: DocumentReference['type'] }
  const attachment = { contentType: province.profile.contentType.split(';')[0], hash: createHash('sha256').update(d.bytes).digest('hex'), size: d.bytes.length, title: composition.title }
  return {
    resourceType: 'DocumentReference', masterIdentifier: { value: d.id }, status: 'current', type: composition.type, date: d.source.timestamp, description: composition.title,
    content: [{ attachment }],
  }
}

export function mappingOf(province: Province, schema: string) {
  const mapping = province.mappings.get(schema)
  if (!mapping) throw new Error(`${province.profile.slug} has no mapping for ${schema}`)
  return mapping
}
