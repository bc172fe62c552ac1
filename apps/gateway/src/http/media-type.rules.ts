export interface MediaType {
  /** `text/csv`, lower case. */
  readonly type: string
  /** Lower case; undefined when not named. */
  readonly charset?: string
}

/** `text/csv; charset="GB18030"` → its parts; undefined when it is none. */
export function mediaType(header: string | undefined): MediaType | undefined {
  if (!header) return undefined
  const [first = '', ...parameters] = header.split(';')
  const type = first.trim().toLowerCase()
  if (!/^[\w.+*-]+\/[\w.+*-]+$/.test(type)) return undefined
  const charset = parameters.map(p => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(p)?.[1]?.toLowerCase()).find(Boolean)
  return charset === undefined ? { type } : { type, charset }
}

/** A document that names no charset is taken to be in its dialect's; one that names another is not of this dialect. */
export const isOf = (given: MediaType, dialect: MediaType): boolean =>
  given.type === dialect.type && (given.charset === undefined || given.charset === (dialect.charset ?? 'utf-8'))

/** Media ranges of an `Accept` header, the most wanted first (RFC 9110, 12.5.1). */
export function acceptedTypes(header: string | undefined): string[] {
  if (!header?.trim()) return ['*/*']
  return header.split(',').flatMap((part, place) => {
    const type = mediaType(part)?.type
    const q = Number(/;\s*q\s*=\s*([\d.]+)/i.exec(part)?.[1] ?? 1)
    return type && q > 0 ? [{ type, q, place, vague: type === '*/*' ? 2 : type.endsWith('/*') ? 1 : 0 }] : []
  }).sort((a, b) => b.q - a.q || a.vague - b.vague || a.place - b.place).map(a => a.type)
}

/** The first of `offered` that the header wants most; undefined: none of them. */
export function chosenType<T extends string>(header: string | undefined, offered: readonly T[]): T | undefined {
  for (const range of acceptedTypes(header)) {
    const found = offered.find(type => range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1))))
    if (found) return found
  }
  return undefined
}
