import { nameWithoutDots } from '#identity'
import { NAME_CHARACTERS } from './name-characters.table.js'

/**
 * When two recorded names are the same name (approved variants of the identity rules): width, spaces, middle dots, traditional or variant
 * characters, one rare character replaced by a placeholder, an administrative suffix. Another character of the same sound or shape and a
 * missing or extra character are another name; distance is never measured on Han names.
 *
 * Not decided here: a rare character replaced by its pinyin (needs a reading dictionary) counts as another name, so it ends in review.
 */
export interface PersonName {
  /** Normalised code points; Han characters in their standard form. */
  readonly standard: readonly string[]
  /** The same positions before variant characters were folded. */
  readonly written: readonly string[]
}

const STANDARD = new Map<string, string>()
{
  const characters = [...NAME_CHARACTERS.pairs]
  for (let i = 0; i + 1 < characters.length; i += 2) STANDARD.set(characters[i]!, characters[i + 1]!)
}

const HAN = /\p{Script=Han}/u
const ADMINISTRATIVE_SUFFIX = /[([【](?:新农合|农合|城镇居民|城乡居民|居民医保|职工医保|居民|职工|医保|自费|公费)[)\]】]$|\d{1,2}$/u
/** What systems write where they lack a character; after width folding. */
const PLACEHOLDER = /^[□?〓*\uFFFD\uE000-\uF8FF\u{F0000}-\u{10FFFD}]$/u
const NOT_STATED = /^(?:-+|─+|—+|无|NA|N\/A|NULL|不详|未知|未登记|无名|无名氏|佚名|\s*)$/iu
const NEWBORN = /(?:之子|之女|之婴|之男|之男婴|之女婴|新生儿|之[大小长次]?[子女]\d?)$|乳名/u

export function personName(recorded: string): PersonName {
  const text = nameWithoutDots(recorded)
  const written = [...(HAN.test(text) ? text.replace(ADMINISTRATIVE_SUFFIX, '') : text)]
  return { written, standard: written.map(c => STANDARD.get(c) ?? c) }
}

/** True for the same name, exactly or as an approved variant; false for another name and for a name that says nothing. */
export function sameName(a: PersonName, b: PersonName): boolean {
  const length = a.standard.length
  if (length === 0 || length !== b.standard.length) return false
  let replaced = 0
  for (let i = 0; i < length; i++) {
    if (isPlaceholder(a.standard[i]!) && isPlaceholder(b.standard[i]!)) return false
    if (a.standard[i] === b.standard[i]) continue
    const lost = isPlaceholder(a.standard[i]!) ? b.written[i]! : isPlaceholder(b.standard[i]!) ? a.written[i]! : undefined
    if (lost === undefined || !isRare(lost) || ++replaced > 1) return false
  }
  return true
}

/** A name that says nothing of who it is: not stated, unknown person, newborn named after a parent. */
export const isEmptyName = (recorded: string): boolean => {
  const text = recorded.normalize('NFKC').replace(/\s/gu, '')
  return NOT_STATED.test(text) || NEWBORN.test(text)
}

const isPlaceholder = (c: string): boolean => PLACEHOLDER.test(c)

/** A masked everyday character (张*) is no evidence: only a character that older systems cannot write may be missing. */
const isRare = (c: string): boolean => HAN.test(c) && !gb2312().has(c)

let everyday: ReadonlySet<string> | undefined
/** The 6,763 Han characters of GB 2312, which every system can write. */
function gb2312(): ReadonlySet<string> {
  if (everyday) return everyday
  const bytes = Buffer.alloc(72 * 94 * 2)
  let at = 0
  for (let row = 0xB0; row <= 0xF7; row++) for (let cell = 0xA1; cell <= 0xFE; cell++) { bytes[at++] = row; bytes[at++] = cell }
  return everyday = new Set(new TextDecoder('gb18030').decode(bytes).match(/\p{Script=Han}/gu))
}
