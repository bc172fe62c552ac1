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
const PASSPORT = '03'
const HK_MO_PERMIT = '06'
/** Types whose numbers are issued by one authority for one person. A passport also needs its issuing country, 99 says nothing. */
const SINGLE_ISSUER = new Set(['01', '02', '04', '05', '06', '07'])
const PROVINCES = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9\d)/
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECK_CHARACTERS = '10X98765432'

/** @param today business day, YYYY-MM-DD; a birth after it is not real. */
export function identityNumber(type: string, recorded: string, today: string): IdentityNumber {
  const number = normalizedNumber(type, recorded)
  if (type === RESIDENT_ID) return residentId(number, today)
  const usable = (SINGLE_ISSUER.has(type) || type === PASSPORT) && /^[A-Z0-9()]{5,20}$/.test(number) && !/^(.)\1*$/.test(number)
  return { type, number, usable }
}

/** Text of a number as it is compared: width, case, separators and spreadsheet traces off. */
export function normalizedNumber(type: string, recorded: string): string {
  const text = recorded.normalize('NFKC').toUpperCase().replace(/[\s\-‐–—'’·]/gu, '').replace(/\.0+$/, '')
  if (type === HK_MO_PERMIT && /^[A-Z]\d{10}$/.test(text)) return text.slice(0, 9)
  return type === RESIDENT_ID && /^\d{15}$/.test(text) && !/99[6-9]$/.test(text) ? in18Digits(text) : text
}

/** The authority behind the number is known without more: a passport's country is not carried by these messages. */
export const hasSingleIssuer = (type: string): boolean => SINGLE_ISSUER.has(type)

function residentId(number: string, today: string): IdentityNumber {
  const unusable = { type: RESIDENT_ID, number, usable: false }
  if (!/^\d{17}[\dX]$/.test(number) || !PROVINCES.test(number) || checkCharacter(number) !== number[17]) return unusable
  const birthDate = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`
  if (!isCalendarDate(birthDate) || birthDate > today || birthDate < '1800') return unusable
  return { type: RESIDENT_ID, number, usable: true, birthDate, sex: Number(number[16]) % 2 === 1 ? '1' : '2' }
}

function in18Digits(number: string): string {
  const long = `${number.slice(0, 6)}19${number.slice(6)}`
  return long + checkCharacter(long)
}

function checkCharacter(number: string): string {
  let sum = 0
  for (let i = 0; i < 17; i++) sum += WEIGHTS[i]! * (number.charCodeAt(i) - 48)
  return CHECK_CHARACTERS[sum % 11]!
}

/** @param date YYYY-MM-DD */
export function isCalendarDate(date: string): boolean {
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10))]
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day >= 1 && day <= (month === 2 && isLeap ? 29 : DAYS_OF_MONTH[month - 1] ?? 0)
}
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** One insertion, deletion or substitution apart. */
export function isOneEditApart(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  let i = 0
  while (i < short.length && short[i] === long[i]) i++
  return short.slice(short.length === long.length ? i + 1 : i) === long.slice(i + 1)
}
