import { CREDIT_CODE_ALPHABET, creditCodeCheck, organizationCodeCheck, registrationNumberCheck } from './check-characters.js'
import { checkCode, type CodeCheck } from './code-check.js'

export type OrganizationCodeReason = 'LENGTH' | 'CHARSET' | 'PLACEHOLDER' | 'CHECK'
export type CreditCodeReason = 'LENGTH' | 'CHARSET' | 'REGISTRAR' | 'DIVISION' | 'PLACEHOLDER' | 'CHECK' | 'ORG_CHECK'
export type RegistrationNumberReason = 'LENGTH' | 'CHARSET' | 'DIVISION' | 'CHECK'

/** Organisation code, 9 characters (GB 11714-1997). The first failing test is named. */
export const checkOrganizationCode = (input: string): CodeCheck<OrganizationCodeReason> => checkCode(input, code => {
  if (code.length !== 9) return 'LENGTH'
  if (!/^[0-9A-Z]{8}[0-9X]$/.test(code)) return 'CHARSET'
  if (code.startsWith('00000000')) return 'PLACEHOLDER'
  return organizationCodeCheck(code) === code[8] ? undefined : 'CHECK'
})

const REGISTRARS = '123456789ANY'
const CREDIT_CODE = new RegExp(`^[${CREDIT_CODE_ALPHABET}]{18}$`)

/**
 * Unified social credit code, 18 characters (GB 32100-2015): registering department, class, division (6), organisation code (9), check.
 * The organisation code inside has a check digit of its own, which is a second, independent test. The first failing test is named.
 */
export const checkCreditCode = (input: string): CodeCheck<CreditCodeReason> => checkCode(input, code => {
  if (code.length !== 18) return 'LENGTH'
  if (!CREDIT_CODE.test(code)) return 'CHARSET'
  if (!REGISTRARS.includes(code[0]!)) return 'REGISTRAR'
  const division = code.slice(2, 8)
  if (!/^\d{6}$/.test(division) || division === '000000') return 'DIVISION'
  if (code.startsWith('00000000', 8)) return 'PLACEHOLDER'
  if (creditCodeCheck(code) !== code[17]) return 'CHECK'
  return organizationCodeCheck(code.slice(8)) === code[16] ? undefined : 'ORG_CHECK'
})

/** The organisation code inside a valid unified social credit code. */
export const organizationCodeOf = (creditCode: string): string => creditCode.slice(8, 17)

/** Business registration number, 15 digits (used before unified codes; ISO 7064 MOD 11,10). The first failing test is named. */
export const checkRegistrationNumber = (input: string): CodeCheck<RegistrationNumberReason> => checkCode(input, code => {
  if (code.length !== 15) return 'LENGTH'
  if (!/^\d{15}$/.test(code)) return 'CHARSET'
  if (code.startsWith('000000')) return 'DIVISION'
  return registrationNumberCheck(code.slice(0, 14)) === code[14] ? undefined : 'CHECK'
})
