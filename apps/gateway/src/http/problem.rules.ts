import { FAILURES, fault, type Failure, type FailureCode, type Fault } from '#kernel'

export type Language = 'zh' | 'en'

/** RFC 9457, `application/problem+json`. Texts of the faults are always there in both languages. */
export interface Problem {
  /** Where the code is explained: `/docs#FIELD_MISSING`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** Id of this answer; operators find it in the log. */
  readonly instance: string
  readonly code: FailureCode
  readonly exchange?: string
  /** Whose turn it is, and what to do. */
  readonly who: string
  readonly todo: { readonly zh: string; readonly en: string }
  readonly faults: readonly Fault[]
}

export function problemOf(failure: Failure, language: Language, instanceId: string, exchangeId?: string): Problem {
  const entry = FAILURES[failure.code]
  const faults = failure.faults.length ? failure.faults : [fault(failure.code, '')]
  return {
    type: `/docs#${failure.code}`, title: entry[language], status: entry.status, detail: detailOf(failure.code, faults, language), instance: `urn:uuid:${instanceId}`, code: failure.code,
    ...(exchangeId !== undefined && { exchange: `/v1/exchanges/${exchangeId}` }),
    who: entry.who, todo: { zh: entry.todoZh, en: entry.todoEn }, faults,
  }
}

function detailOf(code: FailureCode, faults: readonly Fault[], language: Language): string {
  const todo = language === 'zh' ? FAILURES[code].todoZh : FAILURES[code].todoEn
  if (faults.length === 1) return `${faults[0]![language]}${language === 'zh' ? '。' : '. '}${todo}`
  return language === 'zh' ? `共 ${faults.length} 处问题，见 faults` : `${faults.length} faults, see "faults"`
}

/** Chinese unless `Accept-Language` prefers English. */
export function languageOf(acceptLanguage: string | undefined): Language {
  if (!acceptLanguage) return 'zh'
  const weights = { zh: 0, en: 0 }
  for (const part of acceptLanguage.split(',')) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const q = Number(parameters.find(p => p.trim().startsWith('q='))?.trim().slice(2) ?? 1)
    const language = tag.split('-')[0]
    if ((language === 'zh' || language === 'en') && q > weights[language]) weights[language] = q
  }
  return weights.en > weights.zh ? 'en' : 'zh'
}
