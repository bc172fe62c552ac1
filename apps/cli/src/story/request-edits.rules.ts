/** Small changes to a native CDA-style request, as text, so that everything else of the document stays byte for byte. */

/** The request without its purpose of use. */
export const withoutPurpose = (xml: string): string => remove(xml, /^[ \t]*<reasonCode\b[^>]*?(?:\/>|>[\s\S]*?<\/reasonCode>)[ \t]*\r?\n?/m, 'reasonCode')

/** The request without consent and legal basis. */
export const withoutConsent = (xml: string): string => remove(xml, /^[ \t]*<consent\b[^>]*>[\s\S]*?<\/consent>[ \t]*\r?\n?/m, 'consent')

function remove(xml: string, element: RegExp, name: string): string {
  if (!element.test(xml)) throw new Error(`the request has no <${name}> to take out`)
  return xml.replace(element, '')
}
