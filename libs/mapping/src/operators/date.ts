import { Problem } from '../engine/problem.js'
import { narrow, type Codec } from './codec.js'

/** What the canonical side expects (FHIR R4 types): a day at most, a day or a time with zone, a time to the second with zone. */
export type DateKind = 'date' | 'dateTime' | 'instant'

interface Parts { year: string; month?: string; day?: string; hour?: string; minute?: string; second?: string; millis?: string; zone?: string }

const TOKENS = { yyyy: ['year', '(\\d{4})'], MM: ['month', '(\\d{2})'], M: ['month', '(\\d{1,2})'], dd: ['day', '(\\d{2})'], d: ['day', '(\\d{1,2})'], HH: ['hour', '(\\d{2})'], H: ['hour', '(\\d{1,2})'],
  mm: ['minute', '(\\d{2})'], ss: ['second', '(\\d{2})'], SSS: ['millis', '(\\d{1,3})'], ZZ: ['zone', '([+-]\\d{2}:\\d{2}|Z)'], Z: ['zone', '([+-]\\d{4})'] } as const satisfies Record<string, readonly [keyof Parts, string]>
type Token = keyof typeof TOKENS
const PIECE = /yyyy|MM?|dd?|HH?|mm|SSS|ss|ZZ?|'[^']*'|\[|\]|[^A-Za-z[\]']+/y

type Piece = { readonly token: Token } | { readonly text: string } | { readonly optional: readonly Piece[] }

function pieces(format: string): Piece[] {
  const stack: Piece[][] = [[]]
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < format.length) {
    const at = PIECE.lastIndex
    const found = PIECE.exec(format)?.[0]
    if (found === undefined) throw new SyntaxError(`"${format}" is no date format at "${format.slice(at)}"; right are yyyy MM dd HH mm ss SSS ZZ, separators, 'text' and [optional parts]`)
    if (found === '[') stack.push([])
    else if (found === ']') {
      const optional = stack.pop()!
      if (stack.length === 0) throw new SyntaxError(`"${format}" closes a bracket that it never opened`)
      stack.at(-1)!.push({ optional })
    } else stack.at(-1)!.push(found in TOKENS ? { token: found as Token } : { text: found.startsWith("'") ? found.slice(1, -1) : found })
  }
  if (stack.length > 1) throw new SyntaxError(`"${format}" leaves a bracket open`)
  return stack[0]!
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

function expression(parts: readonly Piece[], names: (keyof Parts)[]): string {
  return parts.map(part => {
    if ('text' in part) return escape(part.text)
    if ('optional' in part) return `(?:${expression(part.optional, names)})?`
    const [name, pattern] = TOKENS[part.token]
    names.push(name)
    return pattern
  }).join('')
}

/** Text of the parts, or undefined when a part that the format demands is not known. An optional part is left out when unknown. */
function print(format: readonly Piece[], parts: Parts): string | undefined {
  let text = ''
  for (const piece of format) {
    if ('text' in piece) text += piece.text
    else if ('optional' in piece) text += print(piece.optional, parts) ?? ''
    else {
      const value = parts[TOKENS[piece.token][0]]
      if (value === undefined) return undefined
      text += piece.token === 'M' || piece.token === 'd' || piece.token === 'H' ? String(Number(value)) : piece.token === 'Z' ? value.replace(':', '') : value
    }
  }
  return text
}

const known = (format: readonly Piece[]): Set<keyof Parts> => new Set(format.flatMap(piece => 'token' in piece ? [TOKENS[piece.token][0]] : 'optional' in piece ? [...known(piece.optional)] : []))

const daysIn = (year: number, month: number): number => month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31

function real({ year, month, day, hour, minute, second }: Parts): boolean {
  if (Number(hour ?? 0) > 23 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 59) return false
  if (month !== undefined && (Number(month) < 1 || Number(month) > 12)) return false
  return day === undefined || (Number(day) >= 1 && Number(day) <= daysIn(Number(year), Number(month)))
}

const CANONICAL = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,3}))?(Z|[+-]\d{2}:\d{2}))?)?)?$/
const MOVING = ['month', 'day', 'hour', 'minute', 'second', 'millis'] as const
const two = (n: number): string => String(n).padStart(2, '0')
const minutesOf = (zone: string): number => zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)))

/** The same instant on the clock of `zone`. */
function moved(parts: Parts, zone: string): Parts {
  if (parts.hour === undefined || parts.zone === undefined || parts.zone === zone) return parts
  const at = new Date(Date.UTC(Number(parts.year), Number(parts.month) - 1, Number(parts.day), Number(parts.hour), Number(parts.minute) - minutesOf(parts.zone) + minutesOf(zone), Number(parts.second)))
  return { year: String(at.getUTCFullYear()).padStart(4, '0'), month: two(at.getUTCMonth() + 1), day: two(at.getUTCDate()), hour: two(at.getUTCHours()), minute: two(at.getUTCMinutes()), second: two(at.getUTCSeconds()), millis: parts.millis, zone }
}

const EXPECTED: Record<DateKind, { zh: string; en: string }> = {
  date: { zh: '应为有效日期', en: 'a real date is expected' }, dateTime: { zh: '应为有效日期时间', en: 'a real date or time is expected' }, instant: { zh: '应为有效时间', en: 'a real time is expected' },
}

/**
 * Dates and times. Every format is tried in turn when reading; the first that loses nothing is written. `yyyy[MM[dd]]` reads and writes half-known dates.
 * Times without a zone are of `zone`; an instant of which only the day is known is that day's start, noted as lost precision. A time the format cannot hold is noted as lost precision.
 */
export function dateCodec(kind: DateKind, formats: readonly string[], zone: string): Codec {
  const compiled = formats.map(format => {
    const parts = pieces(format)
    const names: (keyof Parts)[] = []
    return { parts, pattern: new RegExp(`^${expression(parts, names)}$`), names, known: known(parts) }
  })
  const wrong = new Problem('FIELD_INVALID', EXPECTED[kind])
  if (compiled.length === 0) throw new SyntaxError('at least one format is needed')

  const canonical = (p: Parts): string | undefined => {
    if (!real(p)) return undefined
    const day = p.month === undefined ? p.year : p.day === undefined ? `${p.year}-${two(Number(p.month))}` : `${p.year}-${two(Number(p.month))}-${two(Number(p.day))}`
    if (kind === 'date' || (kind === 'dateTime' && p.hour === undefined)) return day
    if (p.day === undefined) return undefined
    const offset = p.zone === undefined ? zone : p.zone.length === 5 ? `${p.zone.slice(0, 3)}:${p.zone.slice(3)}` : p.zone
    return `${day}T${two(Number(p.hour ?? 0))}:${p.minute ?? '00'}:${p.second ?? '00'}${p.millis === undefined ? '' : `.${p.millis}`}${offset}`
  }
  return {
    read(text, notes) {
      const plain = narrow(text)
      for (const { pattern, names } of compiled) {
        const found = pattern.exec(plain)
        if (!found) continue
        const parts = {} as Parts
        for (let i = 0; i < names.length; i++) if (found[i + 1] !== undefined) parts[names[i]!] = found[i + 1]!
        const value = canonical(parts)
        if (value === undefined) continue
        if (kind === 'instant' && parts.hour === undefined || kind === 'date' && parts.hour !== undefined && Number(`${parts.hour}${parts.minute ?? ''}${parts.second ?? ''}`) !== 0) notes.note('precision')
        return value
      }
      return wrong
    },
    write(value, notes) {
      const found = typeof value === 'string' ? CANONICAL.exec(value) : null
      if (!found) return wrong
      const [, year, month, day, hour, minute, second, millis, from] = found
      const parts = moved({ year: year!, month, day, hour, minute, second, millis, zone: from }, zone)
      if (parts.zone === undefined) parts.zone = zone
      let text: string | undefined
      for (const format of compiled) {
        const printed = print(format.parts, parts)
        if (printed === undefined) continue
        if (!MOVING.some(name => parts[name] !== undefined && Number(parts[name]) !== 0 && !format.known.has(name))) return printed
        text ??= printed
      }
      notes.note('precision')
      return text
    },
  }
}
