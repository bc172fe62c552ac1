import { residentIdCheck } from './check-characters.js'
import { checkCode, type CodeCheck } from './code-check.js'
import { normalizeDocumentNumber } from './document-number.js'
import { provinceByCode } from './region.js'

/** In the order they are tested. `PRE_1900`: a 15-digit number whose century is not known. */
export type ResidentIdReason = 'LENGTH' | 'CHARSET' | 'DIVISION' | 'BIRTHDATE' | 'FUTURE' | 'CHECK' | 'PRE_1900'

/** What a valid resident ID says of its holder. */
export interface ResidentId {
  /** 18 characters, `X` in upper case. */
  readonly number: string
  /** GB/T 2260 code, 6 digits, of the place of first registration; it may have been abolished since. */
  readonly division: string
  /** The division lies in a province of the table. An unknown one is a warning, not a fault: numbers outlive divisions. */
  readonly divisionKnown: boolean
  /** YYYY-MM-DD */
  readonly birthDate: string
  /** GB/T 2261.1: 1 male, 2 female. */
  readonly sex: '1' | '2'
}

export type ResidentIdReading =
  | { readonly ok: true; readonly id: ResidentId; readonly converted: boolean }
  | { readonly ok: false; readonly number: string; readonly reason: ResidentIdReason }

/**
 * Checks an 18-character resident ID (GB 11643-1999): length, characters, division, a real birth date from 1800 on, check character.
 * @param on business day YYYY-MM-DD; a birth after it is refused. Left out, the future is not tested.
 */
export const checkResidentId = (input: string, on?: string): CodeCheck<ResidentIdReason> => checkCode(input, number => {
  if (number.length !== 18) return 'LENGTH'
  if (!/^\d{17}[\dX]$/.test(number)) return 'CHARSET'
  if (number.startsWith('000000')) return 'DIVISION'
  const birthDate = birthDateOf(number)
  if (!isCalendarDay(birthDate) || birthDate < '1800') return 'BIRTHDATE'
  if (on !== undefined && birthDate > on) return 'FUTURE'
  return residentIdCheck(number) === number[17] ? undefined : 'CHECK'
})

/**
 * Reads a recorded resident ID of 18 or 15 digits; spreadsheet traces and separators are taken off, a 15-digit one is converted.
 * @param on business day YYYY-MM-DD; a birth after it is refused
 */
export function parseResidentId(recorded: string, on: string): ResidentIdReading {
  const text = normalizeDocumentNumber('01', recorded)
  const converted = /^\d{15}$/.test(text)
  const number = converted ? residentIdFrom15(text) : text
  if (number === undefined) return { ok: false, number: text, reason: 'PRE_1900' }
  const check = checkResidentId(number, on)
  if (!check.valid) return { ok: false, number: text, reason: check.reason }
  const division = number.slice(0, 6)
  return { ok: true, converted, id: { number, division, divisionKnown: isKnownDivision(division), birthDate: birthDateOf(number), sex: Number(number[16]) % 2 === 1 ? '1' : '2' } }
}

/**
 * The 18-character form of a 15-digit number: `19` before the year, check character behind. Undefined for sequences 996 to 999, which mark
 * births before 1900 and leave the century open, and for anything but 15 digits.
 */
export function residentIdFrom15(number: string): string | undefined {
  if (!/^\d{15}$/.test(number) || /99[6-9]$/.test(number)) return undefined
  const body = `${number.slice(0, 6)}19${number.slice(6)}`
  return body + residentIdCheck(body)
}

const birthDateOf = (number: string): string => `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** YYYY-MM-DD of a day that exists. Arithmetic, because every request asks it several times. */
export function isCalendarDay(date: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return false
  const [year, month, day] = [Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8))]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month >= 1 && month <= 12 && day >= 1 && day <= (month === 2 && leap ? 29 : DAYS[month - 1]!)
}

/** 83: residents of Taiwan with a mainland residence permit. 9: foreigners with permanent residence, the province follows. */
const isKnownDivision = (division: string): boolean =>
  division.startsWith('83') || provinceByCode(division.startsWith('9') ? division.slice(1, 3) : division) !== undefined
