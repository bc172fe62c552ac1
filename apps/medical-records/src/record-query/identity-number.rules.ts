import { isPlaceholderNumber, normalizeDocumentNumber, parseResidentId, travelDocumentFault } from '#identity'

/**
 * Document numbers as evidence of who somebody is (normalisation and usability rules of the identity rules; GB 11643 for resident IDs).
 *
 * Not decided here, because no message of record query carries it: whether a number was declared as another person's (mother, guardian),
 * and number changes on record beyond the several numbers that one record may list.
 */
export interface IdentityNumber {
  /** CV02.01.101 */
  readonly type: string
  /** Normalised; a 15-digit resident ID in its 18-digit form. */
  readonly number: string
  /** Good enough to stand for one person. */
  readonly usable: boolean
  /** What the number itself says: YYYY-MM-DD and GB/T 2261.1 sex; resident IDs only. */
  readonly birthDate?: string
  readonly sex?: '1' | '2'
}

export const RESIDENT_ID = '01'
/** Types whose numbers are issued by one authority for one person. A passport also needs its issuing country, 99 says nothing. */
const SINGLE_ISSUER = new Set(['01', '02', '04', '05', '06', '07'])

/** @param today business day, YYYY-MM-DD; a birth after it is not real. */
export function identityNumber(type: string, recorded: string, today: string): IdentityNumber {
  if (type === RESIDENT_ID) return residentId(recorded, today)
  const number = normalizeDocumentNumber(type, recorded)
  return { type, number, usable: isUsable(type, number) }
}

/** The authority behind the number is known without more: a passport's country is not carried by these messages. */
export const hasSingleIssuer = (type: string): boolean => SINGLE_ISSUER.has(type)

function residentId(recorded: string, today: string): IdentityNumber {
  const reading = parseResidentId(recorded, today)
  if (!reading.ok) return { type: RESIDENT_ID, number: reading.number, usable: false }
  const { number, birthDate, sex, divisionKnown } = reading.id
  // no province was ever abolished: a number of none was never issued
  return divisionKnown ? { type: RESIDENT_ID, number, usable: true, birthDate, sex } : { type: RESIDENT_ID, number, usable: false }
}

function isUsable(type: string, number: string): boolean {
  if (type === '03' || type === '06' || type === '07') return travelDocumentFault(type, number) === undefined
  return SINGLE_ISSUER.has(type) && /^[A-Z0-9()]{5,20}$/.test(number) && !isPlaceholderNumber(number)
}

/** One insertion, deletion or substitution apart. */
export function isOneEditApart(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  let i = 0
  while (i < short.length && short[i] === long[i]) i++
  return short.slice(short.length === long.length ? i + 1 : i) === long.slice(i + 1)
}
