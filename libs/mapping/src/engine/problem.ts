import type { FailureCode } from '#kernel'
import type { Loss } from '../contract.js'

export interface Texts { readonly zh: string; readonly en: string }

/** A value that an operator refuses. It knows why, not where: the rule adds the place. Never holds the value itself. */
export class Problem {
  constructor(readonly code: FailureCode, readonly detail?: Texts) {}
}

/** Takes note of what an operator could not carry; the rule adds the place. */
export interface Notes {
  note(reason: Loss['reason']): void
}
