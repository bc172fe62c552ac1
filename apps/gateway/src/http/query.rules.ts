import { Failure, fault, isId } from '#kernel'

/** A whole number of a query string. Throws `Failure` FIELD_INVALID naming the parameter. */
export function wholeNumber(text: string | undefined, name: string, range: { readonly least: number; readonly most: number; readonly fallback: number }): number {
  if (text === undefined) return range.fallback
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= range.least && value <= range.most) return value
  throw new Failure('FIELD_INVALID', [fault('FIELD_INVALID', `?${name}`, { zh: `应为 ${range.least} 至 ${range.most} 的整数`, en: `a whole number from ${range.least} to ${range.most} is expected` })])
}

/** One of several words of a query string, or undefined when it is not given. Throws `Failure` FIELD_INVALID. */
export function oneOf<T extends string>(text: string | undefined, name: string, allowed: readonly T[]): T | undefined {
  if (text === undefined) return undefined
  const found = allowed.find(word => word === text)
  if (found === undefined) throw new Failure('FIELD_INVALID', [fault('FIELD_INVALID', `?${name}`, { zh: `应为 ${allowed.join('、')} 之一`, en: `one of ${allowed.join(', ')} is expected` })])
  return found
}

/** An id of a query string, or undefined when it is not given. Throws `Failure` FIELD_INVALID. */
export function idOf(text: string | undefined, name: string): string | undefined {
  if (text !== undefined && !isId(text)) throw new Failure('FIELD_INVALID', [fault('FIELD_INVALID', `?${name}`, { zh: '应为 UUID', en: 'a UUID is expected' })])
  return text
}
