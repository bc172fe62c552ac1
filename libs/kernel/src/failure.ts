import { FAILURES, type FailureCode, type FailureEntry } from './failure-table.js'

/**
 * One thing that is wrong, and where. `pointer` points into the **sender's own** document: a JSON pointer (`/WS02_01_030_01`),
 * an XML path (`/ClinicalDocument/recordTarget[1]/patientRole/id/@extension`), a cell (`row 3, column SFZH`) or a header name.
 * Texts never repeat the value when it may be personal.
 */
export interface Fault {
  readonly code: FailureCode
  readonly pointer: string
  readonly zh: string
  readonly en: string
}

/** The one thrown failure. The HTTP filter and the pipeline are the only places that translate it. */
export class Failure extends Error {
  override readonly name = 'Failure'
  constructor(readonly code: FailureCode, readonly faults: readonly Fault[] = [], options?: { cause?: unknown; detail?: string }) {
    super(options?.detail ?? FAILURES[code].en, options?.cause === undefined ? undefined : { cause: options.cause })
  }
  get entry(): FailureEntry { return FAILURES[this.code] }
  get retryable(): boolean { return FAILURES[this.code].retryable }

  /** One failure for a list of faults: the code of the first, all of them listed. */
  static of(faults: readonly [Fault, ...Fault[]]): Failure { return new Failure(faults[0].code, faults) }
}

/** A fault with the table's texts; `detail` is added to both when it helps the reader. */
export const fault = (code: FailureCode, pointer: string, detail?: { zh: string; en: string }): Fault => ({
  code, pointer,
  zh: detail ? `${FAILURES[code].zh}：${detail.zh}` : FAILURES[code].zh,
  en: detail ? `${FAILURES[code].en}: ${detail.en}` : FAILURES[code].en,
})
