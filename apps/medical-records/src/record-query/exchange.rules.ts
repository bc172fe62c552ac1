import type { Outcome } from '#kernel'
import type { AnswerBody, Fact, ResultBody } from '#messaging'
import type { ExchangeDefinition, Missing } from '#schemas'
import type { AccessDecision } from '../access.rules.js'
import type { Leg, MissingReason, OpenExchange, RecordQueryData } from './record-query.case.js'
import type { Signal } from './record-query.state.js'

/** What is particular to one kind of exchange; `RecordQueryFlow` does what all have in common. */
export interface ExchangeRules<F = unknown> {
  readonly definition: ExchangeDefinition
  /** Signals of an exchange whose access lapsed before anything left. */
  readonly withdrawn: readonly Signal[]
  /** Reads one province's usable answer. `today`: business day, YYYY-MM-DD. */
  read(province: string, answer: AnswerBody, data: RecordQueryData, today: string): Leg<F>
  /** Ends the exchange with what its legs say. */
  conclude(data: RecordQueryData, exchange: OpenExchange<F>, permit: Extract<AccessDecision, { effect: 'permit' }>, today: string): Conclusion
}

export interface Conclusion {
  readonly data: RecordQueryData
  readonly signals: readonly Signal[]
  readonly result: ResultBody
  /** Provinces whose data leave with the result. */
  readonly disclosed: readonly string[]
  /** For the evidence: rule ids and counts, no personal data. */
  readonly detail: NonNullable<Fact['detail']>
  readonly outcome?: Outcome
}

export const missing = (reason: MissingReason, text = MISSING_TEXTS[reason]): Leg<never> => ({ status: 'missing', reason, text: text.slice(0, 200) })

export const MISSING_TEXTS: Readonly<Record<MissingReason, string>> = {
  TIMEOUT: '未在时限内答复 / no answer in time', UNAVAILABLE: '系统不可用 / system unavailable', ANSWER_INVALID: '答复无效 / the answer is not valid',
  FAULT: '对方报告故障 / the province reports a fault', NOT_RESOLVED: '尚未确认患者身份 / the person is not known there for certain',
}

export const faultText = (f: { readonly code: string; readonly text?: string } | undefined): string => (f ? `${f.code}${f.text ? ` ${f.text}` : ''}`.slice(0, 200) : MISSING_TEXTS.FAULT)

export const missingOf = (province: string, leg: Extract<Leg, { status: 'missing' }>): Missing => ({ province, reason: leg.reason, ...(leg.text && { text: leg.text }) })
