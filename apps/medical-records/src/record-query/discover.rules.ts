import { discover, discoverResult, type DiscoverAnswer, type DiscoverResult, type Missing } from '#schemas'
import { faultText, missing, missingOf, type Conclusion, type ExchangeRules } from './exchange.rules.js'
import { holderIdentifier, IDENTITY_RULES_VERSION, judgeCandidates, type Verdict } from './identity-match.rules.js'
import type { Leg, OpenExchange, RecordQueryData } from './record-query.case.js'
import type { Signal } from './record-query.state.js'

type ProvinceResult = DiscoverResult['provinces'][number]
export interface Found {
  readonly told: ProvinceResult
  /** The holder's own identifier; present when exactly one candidate is certain. */
  readonly patientIdentifier?: string
}

/**
 * Discovery: who knows the person. The five answers stay apart as the holder gave them. Our own rules judge the candidates, and only one
 * certain candidate of a complete search is told, as a match. A match that our rules do not confirm stays a match, marked `review` or
 * `no`, and says nothing of the patient. A fault is an answer and also makes the result incomplete: what the province holds is unknown.
 */
export const discoverRules: ExchangeRules<Found> = {
  definition: discover,
  withdrawn: ['unanswered'],

  read(province, answer, data, today): Leg<Found> {
    const { answer: said, candidates, truncated = false, attributesWanted, fault } = answer.document as DiscoverAnswer
    switch (said) {
      case 'none': return { status: 'answered', found: { told: { province, answer: 'none' } } }
      case 'need-attributes': return { status: 'answered', found: { told: { province, answer: 'need-attributes', attributesWanted: attributesWanted ?? [] } } }
      case 'fault': return { status: 'answered', found: { told: { province, answer: 'fault', text: faultText(fault) } } }
    }
    if (!candidates.length && said === 'match') return missing('ANSWER_INVALID')
    const { verdicts, certain } = judgeCandidates(data.subject!, candidates, truncated, today)
    const patient = certain === undefined ? undefined : candidates[certain]
    if (patient) return { status: 'answered', found: { told: { province, answer: 'match', certainty: 'certain', rule: verdicts[certain!]!.rule, patient }, patientIdentifier: holderIdentifier(patient) } }
    return { status: 'answered', found: { told: { province, answer: candidates.length > 1 ? 'several' : said, ...uncertain(verdicts, truncated) } } }
  },

  conclude(data, exchange): Conclusion {
    const provinces: ProvinceResult[] = []
    const absent: Missing[] = []
    for (const [province, leg] of Object.entries(exchange.legs)) {
      if (leg.status === 'missing') absent.push(missingOf(province, leg))
      if (leg.status !== 'answered') continue
      provinces.push(leg.found.told)
      if (leg.found.told.answer === 'fault') absent.push({ province, reason: 'FAULT', text: leg.found.told.text })
    }
    const after = learned(data, exchange)
    const result: DiscoverResult = { complete: absent.length === 0, provinces, missing: absent }
    return {
      data: after, signals: [signalOf(after, provinces)], disclosed: provinces.filter(p => p.patient).map(p => p.province),
      result: { state: 'COMPLETED', partial: !result.complete, schema: discoverResult.name, result },
      detail: { answers: provinces.map(p => [p.province, p.answer, p.certainty, p.rule].filter(Boolean).join(':')).join(' '), missing: absent.map(m => `${m.province}:${m.reason}`).join(' '), identityRules: IDENTITY_RULES_VERSION },
    }
  },
}

/** What may be said of candidates that are not disclosed: the best verdict among them. */
function uncertain(verdicts: readonly Verdict[], truncated: boolean): Pick<ProvinceResult, 'certainty' | 'rule' | 'text'> {
  const best = verdicts.find(v => v.certainty === 'certain') ?? verdicts.find(v => v.certainty === 'review') ?? verdicts[0]
  if (!best) return { certainty: 'review' }
  const text = truncated ? '候选过多，检索不完整 / too many candidates, the search was cut short'
    : best.certainty === 'no' ? '候选为他人 / the candidates are other persons'
      : best.certainty === 'certain' ? '不止一份可能的记录 / more than one record may be the person' : best.reasons.join(' ')
  return { certainty: best.certainty === 'no' && !truncated ? 'no' : 'review', rule: best.rule, text }
}

/** Provinces that know the person now. An answer replaces what that province said before; no answer and a fault change nothing. */
function learned(data: RecordQueryData, exchange: OpenExchange<Found>): RecordQueryData {
  const resolved = { ...data.resolved }
  const documents = { ...data.documents }
  for (const [province, leg] of Object.entries(exchange.legs)) {
    if (leg.status !== 'answered' || leg.found.told.answer === 'fault') continue
    const { patientIdentifier, told } = leg.found
    if (resolved[province]?.patientIdentifier !== patientIdentifier) delete documents[province]
    if (patientIdentifier === undefined) delete resolved[province]
    else resolved[province] = { patientIdentifier, rule: told.rule! }
  }
  return { ...data, resolved, documents }
}

function signalOf(data: RecordQueryData, provinces: readonly ProvinceResult[]): Signal {
  for (const _ in data.resolved) return 'resolved'
  const said = (test: (p: ProvinceResult) => boolean) => provinces.some(test)
  if (said(p => p.certainty === 'review')) return 'several'
  if (said(p => p.answer === 'need-attributes')) return 'need-attributes'
  return said(p => p.answer !== 'fault') ? 'none' : 'unanswered'
}
