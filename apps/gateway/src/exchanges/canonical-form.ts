import { checkResidentId } from '#identity'
import { fault, type Fault } from '#kernel'
import { compileSchema, type Mapping } from '#mapping'
import { schemaId, type CanonicalSchema } from '#schemas'

export const CANONICAL_TYPE = 'application/tongqu+json'

type Errors = NonNullable<ReturnType<typeof compileSchema>['errors']>

/** The standard form itself as a dialect that every participant may speak: JSON in UTF-8, valid against the published schema. */
export function canonicalForm(schema: CanonicalSchema): Pick<Mapping, 'id' | 'contentType' | 'read' | 'place'> {
  const validate = compileSchema(schema.schema)
  return {
    id: `canonical/${schemaId(schema)}`,
    contentType: CANONICAL_TYPE,
    place: (_bytes, pointer) => pointer,
    read(bytes, supplied = {}) {
      const text = decode(bytes)
      if (text === undefined) return { ok: false, faults: [fault('ENCODING_INVALID', '')] }
      const document = parse(text)
      if (document === undefined) return { ok: false, faults: [fault('DOCUMENT_MALFORMED', '')] }
      const canonical = complete(document, supplied)
      const faults = [...(validate(canonical) ? [] : schemaFaults(validate.errors!)), ...identityFaults(canonical)]
      const [first, ...rest] = faults
      return first ? { ok: false, faults: [first, ...rest], canonical } : { ok: true, canonical, loss: [] }
    },
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const decode = (bytes: Uint8Array): string | undefined => { try { return utf8.decode(bytes) } catch { return undefined } }

type Members = Record<string, unknown>
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)

const parse = (text: string): Members | undefined => {
  try {
    const document: unknown = JSON.parse(text)
    return isMembers(document) ? document : undefined
  } catch { return undefined }
}

/** Fills in what a header brought; the document itself wins. */
const complete = (document: Members, supplied: Readonly<Members>): Members => ({
  ...supplied, ...document,
  ...Object.fromEntries(Object.entries(supplied).flatMap(([name, value]) => {
    const there = document[name]
    return isMembers(there) && isMembers(value) ? [[name, complete(there, value)]] : []
  })),
})

/** Each place once: of a union of constants every member complains. */
function schemaFaults(errors: Errors): Fault[] {
  const faults = new Map<string, Fault>()
  for (const { keyword, instancePath, params } of errors) {
    const { missingProperty, additionalProperty } = params as { missingProperty?: string; additionalProperty?: string }
    const found = keyword === 'required' ? fault('FIELD_MISSING', `${instancePath}/${missingProperty}`)
      : keyword === 'additionalProperties' ? fault('FIELD_INVALID', `${instancePath}/${additionalProperty}`, { zh: '标准模式没有此项', en: 'the canonical schema has no such member' })
        : fault('FIELD_INVALID', instancePath)
    if (!faults.has(found.pointer)) faults.set(found.pointer, found)
  }
  return [...faults.values()]
}

/** What dialects check while reading a person: the number of a resident ID is right in itself. */
function identityFaults({ person }: Members): Fault[] {
  if (!isMembers(person) || person.idType !== '01' || typeof person.idNumber !== 'string') return []
  const check = checkResidentId(person.idNumber)
  if (check.valid) return []
  return [fault(check.reason === 'CHECK' ? 'CHECK_DIGIT_WRONG' : 'FIELD_INVALID', '/person/idNumber')]
}
