export interface FieldRow {
  /** `person.idNumber`, `provinces[].patient` */
  readonly path: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly const?: unknown
  readonly description?: string
  readonly pattern?: string
  readonly maxLength?: number
}

const MOST_DEEP = 4

/** The fields of a canonical schema, one a row, as deep as people read. */
export function fieldRows(schema: object, path = '', depth = 0): FieldRow[] {
  const { properties = {}, required = [] } = schema as Schema
  return Object.entries(properties).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const inner = field.type === 'array' && field.items ? field.items : field
    const below = inner.properties && depth < MOST_DEEP ? fieldRows(inner, field.type === 'array' ? `${at}[]` : at, depth + 1) : []
    return [{ path: at, type: typeOf(field), required: required.includes(name), description: [field.description ?? inner.description, field.pattern].filter(Boolean).join(' · ') }, ...below]
  })
}

function typeOf(s: Schema): string {
  if (s.const !== undefined) return JSON.stringify(s.const)
  if (s.anyOf) return s.anyOf.map(typeOf).join(' | ')
  if (s.type === 'array') return s.items ? `${typeOf(s.items)}[]` : 'array'
  return s.maxLength === undefined ? s.type ?? '' : `${s.type} ≤ ${s.maxLength}`
}
