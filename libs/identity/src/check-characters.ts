/** Weighted sums behind the identifiers. Callers pass bodies of the right length and alphabet. */

const CODE_VALUE = (c: string): number => (c <= '9' ? c.charCodeAt(0) - 48 : c.charCodeAt(0) - 55)

const RESIDENT_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
/** Character 18 of a resident ID from its 17 digits: ISO 7064 MOD 11-2 (GB 11643-1999). */
export function residentIdCheck(body: string): string {
  let sum = 0
  for (let i = 0; i < 17; i++) sum += RESIDENT_WEIGHTS[i]! * CODE_VALUE(body[i]!)
  return '10X98765432'[sum % 11]!
}

const ORGANIZATION_WEIGHTS = [3, 7, 9, 10, 5, 8, 4, 2]
/** Character 9 of an organisation code from its 8 characters, A = 10 … Z = 35 (GB 11714-1997). */
export function organizationCodeCheck(body: string): string {
  let sum = 0
  for (let i = 0; i < 8; i++) sum += ORGANIZATION_WEIGHTS[i]! * CODE_VALUE(body[i]!)
  const check = 11 - (sum % 11)
  return check === 10 ? 'X' : check === 11 ? '0' : String(check)
}

/** Without I, O, S, V and Z, which are easily misread (GB 32100-2015). */
export const CREDIT_CODE_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
/** Character 18 of a unified social credit code from its 17 characters (GB 32100-2015). */
export function creditCodeCheck(body: string): string {
  let sum = 0
  for (let i = 0; i < 17; i++) sum += CREDIT_WEIGHTS[i]! * CREDIT_CODE_ALPHABET.indexOf(body[i]!)
  return CREDIT_CODE_ALPHABET[(31 - (sum % 31)) % 31]!
}

/** Digit 15 of a business registration number from its 14 digits: ISO 7064 MOD 11,10. */
export function registrationNumberCheck(body: string): string {
  let product = 10
  for (const digit of body) {
    const sum = (product + CODE_VALUE(digit)) % 10 || 10
    product = (sum * 2) % 11
  }
  return String((11 - product) % 10)
}
