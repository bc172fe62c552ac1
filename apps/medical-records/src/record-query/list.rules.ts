import { list, listResult, type DocumentReference, type ListAnswer, type ListResult, type Missing } from '#schemas'
import { faultText, missing, MISSING_TEXTS, missingOf, type Conclusion, type ExchangeRules } from './exchange.rules.js'
import type { Leg, ListedDocument, RecordQueryData } from './record-query.case.js'

/** Documents of one province that a case remembers; the ones listed first are forgotten first. */
const MAX_DOCUMENTS = 4000

/**
 * Document list of the provinces that know the person for certain. Only current documents are told: one that was superseded or voided, by
 * its own status or by another that replaces it, is remembered as such, so that its retrieval can be refused by name.
 */
export const listRules: ExchangeRules<readonly DocumentReference[]> = {
  definition: list,
  withdrawn: [],

  read(_province, answer): Leg<readonly DocumentReference[]> {
    const { documents, fault } = answer.document as ListAnswer
    return fault ? missing('FAULT', faultText(fault)) : { status: 'answered', found: documents }
  },

  conclude(data, exchange, permit): Conclusion {
    const provinces: ListResult['provinces'] = []
    const absent: Missing[] = (exchange.notResolved ?? []).map(province => ({ province, reason: 'NOT_RESOLVED', text: MISSING_TEXTS.NOT_RESOLVED }))
    const documents = { ...data.documents }
    let withheld = 0
    for (const [province, leg] of Object.entries(exchange.legs)) {
      if (leg.status === 'missing') absent.push(missingOf(province, leg))
      if (leg.status !== 'answered') continue
      if (!stillResolved(data, exchange.holders, province)) { absent.push({ province, reason: 'NOT_RESOLVED', text: MISSING_TEXTS.NOT_RESOLVED }); continue }
      const listed = readList(leg.found)
      const told = leg.found.filter((d, i) => listed.at[i] && listed.entries[documentId(d)]!.status === 'current' && isCovered(documentTypeOf(d), permit.documentTypes))
      withheld += leg.found.length - told.length
      documents[province] = bounded(exchange.filtered ? { ...documents[province], ...listed.entries } : listed.entries)
      provinces.push({ province, documents: told })
    }
    const result: ListResult = { complete: absent.length === 0, provinces, missing: absent }
    return {
      data: { ...data, documents }, signals: provinces.length ? ['listed'] : [], disclosed: provinces.filter(p => p.documents.length).map(p => p.province),
      result: { state: 'COMPLETED', partial: !result.complete, schema: listResult.name, result },
      detail: { documents: provinces.map(p => `${p.province}:${p.documents.length}`).join(' '), withheld, missing: absent.map(m => `${m.province}:${m.reason}`).join(' ') },
    }
  },
}

/** The person is known there for certain, under the identifier that was asked about. */
export const stillResolved = (data: RecordQueryData, holders: Readonly<Record<string, string>> | undefined, province: string): boolean =>
  data.resolved[province] !== undefined && data.resolved[province].patientIdentifier === holders?.[province]

/** Whether a document type is among the necessary ones; an unknown type is not. */
export const isCovered = (type: string | undefined, only: readonly string[] | undefined): boolean => !only || type !== undefined && only.includes(type)

const documentId = (d: DocumentReference): string => d.masterIdentifier.value
const documentTypeOf = (d: DocumentReference): string | undefined => d.type.coding?.find(c => c.code !== undefined && /^C\d{4}$/.test(c.code))?.code

/**
 * One entry per document id with its true status, and which items of the list stand for it: of several items with one id the latest
 * (equally late: the one that is not current); a document that another one replaces is superseded whatever it says of itself.
 */
function readList(documents: readonly DocumentReference[]): { entries: Record<string, ListedDocument>; at: boolean[] } {
  const best = new Map<string, number>()
  documents.forEach((d, i) => {
    const before = best.get(documentId(d))
    if (before === undefined || isLater(d, documents[before]!)) best.set(documentId(d), i)
  })
  const replaced = new Set(documents.flatMap(replacedBy))
  const entries: Record<string, ListedDocument> = {}
  for (const [id, i] of best) {
    const d = documents[i]!
    const status = d.status === 'current' && (replaced.has(id) || d.id !== undefined && replaced.has(d.id)) ? 'superseded' : d.status as ListedDocument['status']
    const [type, hash] = [documentTypeOf(d), d.content[0]?.attachment.hash]
    entries[id] = { status, ...(type && { type }), ...(hash && { hash }) }
  }
  return { entries, at: documents.map((d, i) => best.get(documentId(d)) === i) }
}

function isLater(a: DocumentReference, b: DocumentReference): boolean {
  const [x, y] = [Date.parse(a.date ?? ''), Date.parse(b.date ?? '')]
  return x > y || !(x < y) && b.status === 'current' && a.status !== 'current'
}

interface Replacement { readonly code?: string; readonly target?: { readonly reference?: string; readonly identifier?: { readonly value?: string } } }
/** Ids of documents that a valid document replaces (DocumentReference.relatesTo). */
function replacedBy(d: DocumentReference): string[] {
  if (d.status === 'entered-in-error') return []
  return ((d.relatesTo ?? []) as Replacement[]).flatMap(({ code, target }) => {
    if (code !== 'replaces') return []
    return [target?.identifier?.value, target?.reference?.replace(/^.*[/:]/, '')].filter(v => v !== undefined)
  })
}

function bounded(entries: Readonly<Record<string, ListedDocument>>): Readonly<Record<string, ListedDocument>> {
  const all = Object.entries(entries)
  return all.length > MAX_DOCUMENTS ? Object.fromEntries(all.slice(-MAX_DOCUMENTS)) : entries
}
