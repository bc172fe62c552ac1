/**
 * Masks for eyes that may not see the whole: name 张* (its length stays hidden), resident ID 6 + 4, telephone 3 + 4. What is too short to
 * keep its ends is hidden altogether, so that a mask never shows a value.
 */
export const maskName = (name: string): string => {
  const [first] = [...name.trim()]
  return first === undefined ? '' : `${first}*`
}

export const maskResidentId = (number: string): string => maskMiddle(number, 6, 4)
export const maskPhone = (phone: string): string => maskMiddle(phone, 3, 4)

/** The first and last characters stay, the rest becomes `*`. All of it does when that would hide less than a quarter, or less than two characters. */
export function maskMiddle(value: string, first: number, last: number): string {
  const characters = [...value.trim()]
  const hidden = characters.length - first - last
  if (hidden < Math.max(2, characters.length / 4)) return '*'.repeat(characters.length)
  return characters.slice(0, first).join('') + '*'.repeat(hidden) + characters.slice(characters.length - last).join('')
}

const RESIDENT_ID = /(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])/g
const MOBILE_PHONE = /(?<!\d)1[3-9]\d{9}(?!\d)/g

/** Free text with every resident ID and mobile number in it masked. */
export const maskText = (text: string): string => text.replace(RESIDENT_ID, maskResidentId).replace(MOBILE_PHONE, maskPhone)
