import { checkResidentId, residentIdFrom15 } from '#identity'

/** One place where something personal stands; the value itself is not repeated. */
export interface PersonalFind {
  readonly kind: 'resident-id' | 'mobile' | 'bank-card' | 'known'
  /** Offset in the text that was searched. */
  readonly at: number
}

/**
 * Looks for personal data where none may be: logs, errors, message keys and headers, dead-letter summaries, traces. Finds resident IDs
 * (18 characters with a valid check character, 15 digits with a real birth date), mobile numbers, bank cards (Luhn), and the
 * `known` values a test has put in (names). Full-width and percent-encoded forms are found, too.
 *
 * Digits inside longer runs of letters, digits and dashes (UUIDs, digests, document numbers) are no identity numbers.
 */
export function findPersonalData(text: string, known: readonly string[] = []): PersonalFind[] {
  const found = new Map<string, PersonalFind>()
  for (const form of formsOf(text)) for (const find of search(form, known)) found.set(`${find.kind} ${find.at}`, find)
  return [...found.values()]
}

/** The text as it is, width folded, and percent-decoded. */
function formsOf(text: string): string[] {
  const forms = new Set([text, text.normalize('NFKC')])
  if (/%[0-9A-Fa-f]{2}/.test(text)) forms.add(text.replace(/(?:%[0-9A-Fa-f]{2})+/g, decodedOrSame))
  return [...forms]
}

const decodedOrSame = (encoded: string): string => { try { return decodeURIComponent(encoded) } catch { return encoded } }

/** A run of digits, perhaps ending in X, that is not part of a longer name or number. */
const NUMBER = /(?<![0-9A-Za-z]|[0-9A-Za-z]-)\d{11,19}[Xx]?(?![0-9A-Za-z]|-[0-9A-Za-z])/g
/** GB/T 2260 begins with 11 to 82; 9 stands for foreigners with permanent residence. */
const DIVISION = /^(?:[1-6]|71|8[123]|9)/

function search(text: string, known: readonly string[]): PersonalFind[] {
  const finds: PersonalFind[] = []
  for (const match of text.matchAll(NUMBER)) {
    const kind = kindOf(match[0])
    if (kind) finds.push({ kind, at: match.index })
  }
  for (const value of known) {
    if (!value) continue
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) finds.push({ kind: 'known', at })
  }
  return finds
}

function kindOf(number: string): PersonalFind['kind'] | undefined {
  if (number.length === 18 && DIVISION.test(number) && checkResidentId(number).valid) return 'resident-id'
  if (number.length === 15 && DIVISION.test(number)) {
    const long = residentIdFrom15(number)
    if (long && checkResidentId(long).valid) return 'resident-id'
  }
  if (/^1[3-9]\d{9}$/.test(number)) return 'mobile'
  return /^(?:62|4|5)\d{14,18}$/.test(number) && luhn(number) ? 'bank-card' : undefined
}

/** ISO/IEC 7812-1. */
function luhn(number: string): boolean {
  let sum = 0
  for (let i = 0; i < number.length; i++) {
    const digit = Number(number[number.length - 1 - i])
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0)
  }
  return sum % 10 === 0
}
