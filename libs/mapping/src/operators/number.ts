import { Problem } from '../engine/problem.js'
import { narrow, type Codec } from './codec.js'

const NUMBER = /^[+-]?\d+(?:\.\d+)?$/
const notNumber = new Problem('FIELD_INVALID', { zh: '应为数值', en: 'a number is expected' })

/** A decimal number. As JSON number where the dialect's rule says so, else as text. */
export function numberCodec(as: 'text' | 'number'): Codec {
  return {
    read(text, notes) {
      const plain = narrow(text)
      if (!NUMBER.test(plain)) return notNumber
      const value = Number(plain)
      if (!Number.isFinite(value)) return notNumber
      if (as === 'text' && String(value) !== plain) notes.note('precision')
      return value
    },
    write: value => typeof value !== 'number' || !Number.isFinite(value) ? notNumber : as === 'number' ? value : decimal(value),
  }
}

/** Never in exponent form, which no provincial system reads. */
const decimal = (value: number): string => {
  const text = String(value)
  const [mantissa, exponent] = text.split('e')
  if (exponent === undefined) return text
  if (Number(exponent) > 0) return BigInt(value).toString()
  return value.toFixed(Math.min(100, -Number(exponent) + (mantissa!.split('.')[1]?.length ?? 0)))
}

const COMPARATORS: Record<string, string> = { '<': '<', '>': '>', '<=': '<=', '>=': '>=', '≤': '<=', '≥': '>=', '＜': '<', '＞': '>', '〈': '<', '〉': '>' }
const MEASURED = /^(<=|>=|[<>≤≥〈〉])?\s*([+-]?\d+(?:\.\d+)?)\s*([↑↓])?$/
const notMeasured = new Problem('FIELD_INVALID', { zh: '应为数值，可带比较符', en: 'a number, with a comparator or without, is expected' })

/**
 * A measured number ↔ `{ value, comparator }` of a FHIR Quantity: "5.6", "<0.01", "5.6↑". The arrow repeats the abnormal flag and is
 * dropped when reading. Trailing zeros ("5.60") are noted as lost precision.
 */
export function measureCodec(): Codec {
  return {
    members: ['value', 'comparator'],
    read(text, notes) {
      const found = MEASURED.exec(narrow(text))
      if (!found) return notMeasured
      const value = Number(found[2])
      if (!Number.isFinite(value)) return notMeasured
      if (String(value) !== found[2]) notes.note('precision')
      return found[1] === undefined ? { value } : { value, comparator: COMPARATORS[found[1]]! }
    },
    write(quantity) {
      const { value, comparator } = quantity as { value?: unknown; comparator?: string }
      if (value === undefined) return undefined
      return typeof value === 'number' && Number.isFinite(value) ? `${comparator ?? ''}${decimal(value)}` : notMeasured
    },
  }
}

const RANGE = /^([+-]?\d+(?:\.\d+)?)\s*(?:~|-|--|—|–|∼|至|〜)\s*([+-]?\d+(?:\.\d+)?)$/
const LIMIT = /^(<=|>=|[<>≤≥])\s*([+-]?\d+(?:\.\d+)?)$/

/**
 * A reference range ↔ `{ low, high, text }` of a FHIR referenceRange: "3.9～6.1", "3.9-6.1", "<5.2"; what is no range of numbers
 * ("阴性") stays text. Written with `separator`.
 */
export function rangeCodec(separator: string): Codec {
  return {
    members: ['low', 'high', 'text'],
    read(text, notes) {
      const plain = narrow(text)
      const range = RANGE.exec(plain)
      if (range) {
        if (String(Number(range[1])) !== range[1] || String(Number(range[2])) !== range[2]) notes.note('precision')
        return { low: { value: Number(range[1]) }, high: { value: Number(range[2]) } }
      }
      const limit = LIMIT.exec(plain)
      // FHIR's bounds are inclusive: a strict bound keeps its text beside the number.
      if (limit) return { [limit[1]!.startsWith('<') || limit[1] === '≤' ? 'high' : 'low']: { value: Number(limit[2]) }, ...(limit[1] === '<' || limit[1] === '>' ? { text: plain } : {}) }
      return { text }
    },
    write(value) {
      const { low, high, text } = value as { low?: { value?: number }; high?: { value?: number }; text?: string }
      if (text !== undefined) return text
      if (low?.value !== undefined && high?.value !== undefined) return `${decimal(low.value)}${separator}${decimal(high.value)}`
      if (high?.value !== undefined) return `≤${decimal(high.value)}`
      return low?.value === undefined ? undefined : `≥${decimal(low.value)}`
    },
  }
}
