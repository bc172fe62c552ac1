import { CREDIT_CODE_ALPHABET, creditCodeCheck, organizationCodeCheck, registrationNumberCheck, residentIdCheck } from './check-characters.js'

/** Valid numbers of nobody, for tests and demonstrations: the same seed makes the same numbers. */
export interface IdentitySamples {
  /** @param given what the number shall say; the rest is drawn. Births lie between 1930 and 2019 unless given. */
  residentId(given?: { division?: string; birthDate?: string; sex?: '1' | '2' }): string
  organizationCode(): string
  creditCode(given?: { division?: string }): string
  registrationNumber(): string
  /** Permit for residents of Hong Kong and Macao. */
  hongKongMacaoPermit(): string
  passport(): string
}

const DIVISIONS = ['330329', '330302', '331002', '331102', '350902', '350702', '350981', '361102', '361121', '361127']

export function identitySamples(seed: number): IdentitySamples {
  const below = randomBelow(seed)
  const pick = <T>(from: readonly T[] | string): T | string => from[below(from.length)]!
  const digits = (count: number): string => Array.from({ length: count }, () => below(10)).join('')
  const organizationCode = (): string => {
    const body = `${1 + below(9)}${digits(7)}`
    return body + organizationCodeCheck(body)
  }
  return {
    residentId({ division = pick(DIVISIONS), birthDate = birthDay(below), sex = pick('12') as '1' | '2' } = {}) {
      const sequence = below(498) * 2 + (sex === '1' ? 1 : 2)
      const body = division + birthDate.replaceAll('-', '') + String(sequence).padStart(3, '0')
      return body + residentIdCheck(body)
    },
    organizationCode,
    creditCode({ division = pick(DIVISIONS) } = {}) {
      const body = `91${division}${organizationCode()}`
      return body + creditCodeCheck(body)
    },
    registrationNumber() {
      const body = pick(DIVISIONS) + digits(8)
      return body + registrationNumberCheck(body)
    },
    hongKongMacaoPermit: () => pick('HM') + `${1 + below(9)}${digits(6)}${below(9)}`,
    passport: () => `E${pick(CREDIT_CODE_ALPHABET.slice(10))}${1 + below(9)}${digits(6)}`,
  }
}

const birthDay = (below: (limit: number) => number): string => new Date(Date.UTC(1930, 0, 1 + below(90 * 365))).toISOString().slice(0, 10)

/** mulberry32: small, fast, the same everywhere; no secret depends on it. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return limit => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit)
  }
}
