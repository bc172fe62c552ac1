import { fault, type Fault } from '#kernel'
import { exchangeKey, type ExchangeDefinition } from '#schemas'
import { permits, permitted, type Right } from '#security'

/** What every request says of itself, wherever its dialect says it; read from a canonical form that need not be valid yet. */
export interface Claims {
  readonly purpose?: string
  readonly hasRequester: boolean
  readonly hasBasis: boolean
  /** Undefined when the request names none. */
  readonly targets?: readonly string[]
}

type Members = Readonly<Record<string, unknown>>
const membersOf = (value: unknown): Members => (typeof value === 'object' && value !== null ? value as Members : {})

export function claimsOf(canonical: unknown): Claims {
  const { requester, authorization, targets } = membersOf(canonical)
  const { purpose, legalBasis, consent } = membersOf(authorization)
  const named = Array.isArray(targets) ? targets.filter(t => typeof t === 'string') : []
  return {
    ...(typeof purpose === 'string' && purpose !== '' && { purpose }),
    hasRequester: Object.keys(membersOf(requester)).length > 0,
    hasBasis: Boolean(legalBasis) || Object.keys(membersOf(consent)).length > 0,
    ...(named.length && { targets: named }),
  }
}

export interface Verdict {
  /** Provinces that will be asked; empty: the case knows them and all of them may be asked. */
  readonly targets: readonly string[]
  /** Everything that stands against it, with canonical pointers. */
  readonly faults: readonly Fault[]
}

/** Why, who, on which ground, whom: all four must be said and permitted. Default deny. */
export function judge(definition: ExchangeDefinition, rights: readonly Right[], provinces: readonly { readonly code: string }[], claims: Claims): Verdict {
  const faults: Fault[] = []
  const exchange = exchangeKey(definition)
  const known = provinces.map(p => p.code)
  if (!claims.hasRequester) faults.push(fault('REQUESTER_MISSING', '/requester'))
  // beside a purpose it is the consent that is looked for, not the whole of the authorisation
  if (!claims.hasBasis) faults.push(fault('BASIS_MISSING', claims.purpose === undefined ? '/authorization' : '/authorization/consent'))
  const purpose = (definition.purposes as readonly string[]).find(p => p === claims.purpose)
  if (claims.purpose === undefined) faults.push(fault('PURPOSE_MISSING', '/authorization/purpose'))
  else if (purpose === undefined) {
    faults.push(fault('FIELD_INVALID', '/authorization/purpose', { zh: `本交换可用的目的为 ${definition.purposes.join('、')}`, en: `purposes of this exchange are ${definition.purposes.join(', ')}` }))
  }
  claims.targets?.forEach((province, n) => {
    if (!known.includes(province)) faults.push(fault('PROVINCE_UNKNOWN', `/targets/${n}`))
    else if (purpose !== undefined && !permits(rights, { exchange, province, purpose })) faults.push(fault('RIGHT_MISSING', `/targets/${n}`, { zh: `${exchange} → ${province}（${purpose}）`, en: `${exchange} → ${province} for ${purpose}` }))
  })
  if (claims.targets) return { targets: claims.targets, faults }
  if (definition.targets === 'sender') return { targets: [], faults }
  if (purpose === undefined) return { targets: [], faults }
  const may = permitted(rights, known, { exchange, purpose })
  if (!may.length) faults.push(fault('RIGHT_MISSING', '', { zh: `${exchange}（${purpose}）`, en: `${exchange} for ${purpose}` }))
  return { targets: may.length === known.length ? [] : may, faults }
}
