const HAN = /\p{Script=Han}/u
/** Every dot that is typed between the parts of a transcribed name. */
const MIDDLE_DOTS = /\s*[·•・‧∙⋅᛫.。]+\s*/gu

/**
 * A personal name as it is compared. Of a name with Han characters: width folded, all blanks out (U+3000 too), every kind of middle dot
 * written `·` (U+00B7). Of any other name: width folded, blanks single, upper case.
 */
export function normalizeName(recorded: string): string {
  const text = recorded.normalize('NFKC').replace(/\p{Cf}/gu, '').trim()
  return HAN.test(text) ? text.replace(/\s/gu, '').replace(MIDDLE_DOTS, '·').replace(/^·+|·+$/gu, '') : text.replace(/\s+/gu, ' ').toUpperCase()
}

/** The normalised name without middle dots: a missing dot does not make another name. */
export const nameWithoutDots = (recorded: string): string => normalizeName(recorded).replaceAll('·', '')
