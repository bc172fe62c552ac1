import { fault, type Fault, type FailureCode } from '#kernel'
import type { Loss } from '../contract.js'
import type { Notes, Texts } from './problem.js'

/** Nobody repairs more at once, and an answer stays of readable size. */
export const MAX_FAULTS = 200

const LOSS_TEXTS: Record<Loss['reason'], Texts> = {
  unmapped: { zh: '没有对应的映射规则', en: 'no rule maps this field' },
  'code-unmapped': { zh: '代码不在对照表中，按原值保留或以缺省值代替', en: 'the code is not in the crosswalk; kept as it came or replaced by the default' },
  precision: { zh: '目标格式的精度较低', en: 'the other form is less precise' },
  'not-representable': { zh: '目标格式无法表示该值', en: 'the other form cannot hold this value' },
  'declared-one-way': { zh: '规则声明为单向', en: 'declared one-way' },
}

/** A loss with the table's texts, or with the reason that a mapping declares. */
export const loss = (reason: Loss['reason'], pointer: string, declared?: string): Loss =>
  ({ pointer, reason, zh: declared ?? LOSS_TEXTS[reason].zh, en: declared ?? LOSS_TEXTS[reason].en })

/**
 * What a run learns about places. Only a run that someone asks about carries one: documents that are right and whose losses nobody
 * reads cost nothing here.
 */
export class Trace {
  readonly faults: Fault[] = []
  readonly losses: Loss[] = []
  /** Reading: canonical pointer → native pointer that feeds it, present or not. */
  readonly sources = new Map<string, string>()
  /** Pointers (native when reading, canonical when writing) that a rule took care of, with all below them. */
  readonly used = new Set<string>()
  /** Canonical pointers whose value was refused: the schema need not complain again. */
  readonly refused = new Set<string>()
  /** Writing: canonical pointers that a rule only reads, with its reason; lost unless another rule writes them. */
  readonly oneWay = new Map<string, string>()
  /** The pointer that a note of the running operator belongs to. */
  current = ''

  use(pointers: Iterable<string>): void { for (const pointer of pointers) this.used.add(pointer) }
  /** Whether a rule took care of this pointer or of something it lies in. */
  covers(pointer: string): boolean {
    for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
      if (this.used.has(at)) return true
      if (!at.includes('/')) return false
    }
  }
}

/** Whether there is a native value at all, be it a word for nothing. */
export const isThere = (raw: unknown): boolean => raw !== undefined && raw !== null && raw !== ''

/** One pass of the rules over one document, in either direction. Without a trace it only knows whether something went wrong. */
export class Run implements Notes {
  failed = false
  /** Something was carried with loss, or knowingly not carried. */
  noted = false
  /** How many native values the rules took; never more than there are where no two rules take the same one. */
  taken = 0
  /** Pointers of the running scope in the native and in the canonical document; kept in traced runs alone. */
  place = ''
  canonicalPlace = ''
  /** Position of the running list element, from 0. */
  index = 0
  constructor(readonly trace?: Trace) {}

  note(reason: Loss['reason']): void {
    this.noted = true
    this.trace?.losses.push(loss(reason, this.trace.current))
  }

  fail(code: FailureCode, pointer: () => string, detail?: Texts): void {
    this.failed = true
    if (this.trace && this.trace.faults.length < MAX_FAULTS) this.trace.faults.push(fault(code, pointer(), detail))
  }
}
