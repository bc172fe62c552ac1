import { normalizeCode } from './code-check.js'

/** CV02.01.101, the types whose numbers have rules of their own. */
export type DocumentType = '01' | '02' | '03' | '04' | '05' | '06' | '07' | '99' | (string & {})

export type TravelDocumentReason = 'LENGTH' | 'CHARSET' | 'PLACEHOLDER'

/**
 * A document number as it is compared: width folded, upper case, separators off, spreadsheet traces off (a leading apostrophe, a trailing
 * `.0`); of a permit for residents of Hong Kong and Macao (06) the letter and 8 digits, without the count of issues behind them; of a permit for residents of
 * Taiwan (07) without the brackets around its last letter.
 */
export function normalizeDocumentNumber(type: DocumentType, recorded: string): string {
  const text = normalizeCode(recorded).replace(/^['’‘`]+/, '').replace(/\.0+$/, '')
  if (type === '06' && /^[HM]\d{10}$/.test(text)) return text.slice(0, 9)
  return type === '07' ? text.replace(/[()]/g, '') : text
}

const FORMS: Readonly<Record<string, { readonly length: readonly [number, number]; readonly form: RegExp }>> = {
  // ICAO 9303 allows 9 characters; some states print longer numbers
  '03': { length: [5, 12], form: /^[A-Z0-9]+$/ },
  '06': { length: [9, 9], form: /^[HM]\d{8}$/ },
  // 8 digits; 10 digits and a letter on permits issued before 2015
  '07': { length: [8, 11], form: /^(?:\d{8}|\d{10}[A-Z]?)$/ },
}

/** What is wrong with the number of a passport (03) or a permit (06, 07), normalised first; undefined when nothing is. */
export function travelDocumentFault(type: '03' | '06' | '07', recorded: string): TravelDocumentReason | undefined {
  const number = normalizeDocumentNumber(type, recorded)
  const { length: [least, most], form } = FORMS[type]!
  if (number.length < least || number.length > most) return 'LENGTH'
  if (!form.test(number)) return 'CHARSET'
  return isPlaceholderNumber(number) ? 'PLACEHOLDER' : undefined
}

/** One digit or letter over and over, apart from a leading letter: what registration desks type when they have no number. */
export const isPlaceholderNumber = (number: string): boolean => /^[A-Z]?(.)\1*$/.test(number)
