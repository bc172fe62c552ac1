import { checkResidentId, normalizeDocumentNumber, residentIdFrom15, type ResidentIdReason } from '#identity'
import { Problem, type Texts } from '../engine/problem.js'
import type { Codec } from './codec.js'

const LENGTH: Texts = { zh: '应为 18 位或 15 位居民身份证号码', en: 'a resident ID of 18 or 15 characters is expected' }
const BIRTH: Texts = { zh: '号码中的出生日期无效', en: 'the number holds no real birth date' }
const PROBLEMS: Record<ResidentIdReason, Problem> = {
  LENGTH: new Problem('FIELD_INVALID', LENGTH), CHARSET: new Problem('FIELD_INVALID', LENGTH),
  DIVISION: new Problem('FIELD_INVALID', { zh: '号码中的行政区划无效', en: 'the number holds no division' }),
  BIRTHDATE: new Problem('FIELD_INVALID', BIRTH), FUTURE: new Problem('FIELD_INVALID', BIRTH), PRE_1900: new Problem('FIELD_INVALID', LENGTH),
  CHECK: new Problem('CHECK_DIGIT_WRONG'),
}
const notText = new Problem('FIELD_INVALID', { zh: '应为文本', en: 'text is expected' })

/**
 * 居民身份证号码 (GB 11643-1999): full width, separators and spreadsheet traces off, x → X, 15 → 18 characters. A 15-digit number that
 * marks a birth before 1900 passes unconverted. `keep`: a wrong number passes as well, because it stands on another system's record and
 * whoever compares identities judges it.
 */
export function residentIdCodec(wrong: 'refuse' | 'keep'): Codec {
  return {
    read(text) {
      const number = normalizeDocumentNumber('01', text)
      if (number.length === 15 && /^\d+$/.test(number)) {
        const long = residentIdFrom15(number)
        if (long === undefined) return number
        const check = checkResidentId(long)
        return check.valid ? long : wrong === 'keep' ? number : PROBLEMS[check.reason]
      }
      const check = checkResidentId(number)
      return check.valid || wrong === 'keep' ? number : PROBLEMS[check.reason]
    },
    write: value => typeof value === 'string' ? value : notText,
  }
}

/** Any other document number: full width, separators and spreadsheet traces off, letters raised. */
export const documentNumberCodec: Codec = { read: text => normalizeDocumentNumber('99', text), write: value => typeof value === 'string' ? value : notText }
