import { Problem } from '../engine/problem.js'
import { narrow, type Codec } from './codec.js'

const notText = new Problem('FIELD_INVALID', { zh: '应为文本', en: 'text is expected' })
const plainText = (value: unknown): string | undefined => typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined

/** The value as it is (trimmed). */
export const copyCodec: Codec = { read: text => text, write: value => plainText(value) ?? notText }

/** `width` folds full-width forms, `spaces` takes out every space (Han names), `excel` takes off a leading ' and a trailing .0. Not undone when written. */
export interface TextShape { readonly width?: boolean; readonly spaces?: boolean; readonly excel?: boolean }

export function textCodec(shape: TextShape): Codec {
  return {
    read(text) {
      let shaped = shape.width ? narrow(text) : text
      if (shape.spaces) shaped = shaped.replace(/[\s\u3000]+/g, '')
      return shape.excel ? shaped.replace(/^'|\.0$/g, '') : shaped
    },
    write: value => plainText(value) ?? notText,
  }
}

/** Two native words ↔ true and false; `other`: what every other word means. */
export function booleanCodec(words: { readonly true: string; readonly false: string; readonly other?: boolean }): Codec {
  const wrong = new Problem('FIELD_INVALID', { zh: `应为 ${words.true} 或 ${words.false}`, en: `${words.true} or ${words.false} is expected` })
  return {
    read: text => { const plain = narrow(text); return plain === words.true ? true : plain === words.false ? false : words.other ?? wrong },
    write: value => value === true ? words.true : value === false ? words.false : wrong,
  }
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const UNESCAPES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'', nbsp: '\u00a0', '#39': '\'' }

/** Text ↔ FHIR Narrative: an XHTML `div` with one `p` a line. Marks of a foreign narrative are noted as lost. */
export const narrativeCodec: Codec = {
  read: text => ({ status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${text.split(/\r?\n/).map(line => `<p>${line.replace(/[&<>"]/g, c => ESCAPES[c]!)}</p>`).join('')}</div>` }),
  write(value, notes) {
    const div = (value as { div?: unknown }).div
    if (typeof div !== 'string') return notText
    const plain = div.replace(/^<div[^>]*>|<\/div>$/g, '').replace(/<\/p>\s*<p>|<br\s*\/?>/g, '\n').replace(/^<p>|<\/p>$/g, '')
    const bare = plain.replace(/<[^>]*>/g, '')
    if (bare !== plain) notes.note('not-representable')
    return bare.replace(/&(#39|[a-z]+);/g, (whole, name: string) => UNESCAPES[name] ?? whole)
  },
}
