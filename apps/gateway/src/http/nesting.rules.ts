const OPEN_BRACE = 0x7b, CLOSE_BRACE = 0x7d, OPEN_BRACKET = 0x5b, CLOSE_BRACKET = 0x5d, QUOTE = 0x22, APOSTROPHE = 0x27, BACKSLASH = 0x5c
const LESS = 0x3c, GREATER = 0x3e, SLASH = 0x2f, MARK = 0x21, QUESTION = 0x3f

/** Whether a JSON or XML document (UTF-8) nests deeper than `most`, found before anything parses it; what is malformed the parser finds. */
export const nestsDeeper = (bytes: Uint8Array, form: 'json' | 'xml', most: number): boolean => (form === 'json' ? jsonDeeper(bytes, most) : xmlDeeper(bytes, most))

function jsonDeeper(bytes: Uint8Array, most: number): boolean {
  for (let i = 0, depth = 0, quoted = false; i < bytes.length; i++) {
    const byte = bytes[i]
    if (quoted) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) { if (++depth > most) return true }
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
  }
  return false
}

function xmlDeeper(bytes: Uint8Array, most: number): boolean {
  for (let i = 0, depth = 0; i < bytes.length; i++) {
    if (bytes[i] !== LESS) continue
    const next = bytes[i + 1]
    if (next === SLASH) depth--
    else if (next === MARK || next === QUESTION) i = afterMarkup(bytes, i)
    else {
      i = endOfTag(bytes, i)
      if (bytes[i - 1] !== SLASH && ++depth > most) return true
    }
  }
  return false
}

/** The `>` of a tag; one inside an attribute's quotes is none. */
function endOfTag(bytes: Uint8Array, from: number): number {
  let quote = 0
  let i = from
  for (; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (quote) { if (byte === quote) quote = 0 }
    else if (byte === QUOTE || byte === APOSTROPHE) quote = byte
    else if (byte === GREATER) break
  }
  return i
}

/** Behind a comment, a CDATA section or another declaration, in which `<` means nothing. */
function afterMarkup(bytes: Uint8Array, from: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const head = text.toString('latin1', from, from + 9)
  const end = head.startsWith('<!--') ? '-->' : head === '<![CDATA[' ? ']]>' : '>'
  const at = text.indexOf(end, from)
  return at < 0 ? bytes.length : at + end.length - 1
}
