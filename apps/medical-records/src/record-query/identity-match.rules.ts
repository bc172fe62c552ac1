import type { Patient, PersonQuery } from '#schemas'
import { hasSingleIssuer, identityNumber, isOneEditApart, RESIDENT_ID, type IdentityNumber } from './identity-number.rules.js'
import { isEmptyName, personName, sameName } from './person-name.rules.js'

/**
 * Whether a holder's record is the person asked for. Rules in the order R1, R2, R3, R5, R4; the first that speaks decides.
 *
 * - R1: same document type and usable number, name agrees, nothing contradicts: certain. Both usable, same type, different: no.
 * - R2: needs a token verified at both visits; record query carries no verification, so R2 never speaks here.
 * - R3: number equal, but not R1; or one unusable number within one edit of the other's usable one while name, birth and sex agree: review.
 * - R5: newborns and unknown persons: review with an identifying thread (phone and address), never certain. Twins need the mother's record,
 *   which no answer carries; they differ by number (R1: no) or end in R4.
 * - R4: no comparable usable number: across provinces at most review, and only if name, birth and sex agree. Weights and thresholds would
 *   only order the reviews.
 *
 * Hard clinical facts (blood group, obstetric record) do not travel with discovery, so they cannot contradict here.
 */
export const IDENTITY_RULES_VERSION = 1

export type Certainty = 'certain' | 'review' | 'no'
export interface Verdict {
  readonly certainty: Certainty
  readonly rule: 'R1' | 'R3' | 'R4' | 'R5'
  /** Why, in words free of personal data. */
  readonly reasons: readonly string[]
}

/** Evidence about one person, read once. */
export interface Evidence {
  readonly numbers: readonly IdentityNumber[]
  /** Official names; `formerNames` are named as such by the record. */
  readonly names: readonly string[]
  readonly formerNames: readonly string[]
  /** GB/T 2261.1, only where it says something: 1 or 2. */
  readonly sex?: '1' | '2'
  readonly birthDate?: string
  readonly phones: readonly string[]
  readonly addresses: readonly string[]
}

/** @param today business day, YYYY-MM-DD */
export function evidenceOfQuery(person: PersonQuery, today: string): Evidence {
  return {
    numbers: [identityNumber(person.idType, person.idNumber, today)], names: [person.name], formerNames: [],
    sex: person.sex === '1' || person.sex === '2' ? person.sex : undefined, birthDate: person.birthDate,
    phones: person.phone ? [phone(person.phone)] : [], addresses: person.address?.text ? [address(person.address.text)] : [],
  }
}

export function evidenceOfPatient(patient: Patient, today: string): Evidence {
  const numbers: IdentityNumber[] = []
  for (const i of patient.identifier) {
    const type = documentType(i)
    if (type) numbers.push(identityNumber(type, i.value, today))
  }
  const names: string[] = []
  const formerNames: string[] = []
  for (const n of patient.name) {
    const text = n.text ?? `${n.family ?? ''}${n.given?.join('') ?? ''}`
    if (text) (n.use !== undefined && FORMER_USES.has(n.use) ? formerNames : names).push(text)
  }
  return {
    numbers, names, formerNames,
    sex: patient.gender === 'male' ? '1' : patient.gender === 'female' ? '2' : undefined, birthDate: patient.birthDate,
    phones: (patient.telecom ?? []).filter(t => t.value && t.system !== 'email').map(t => phone(t.value!)),
    addresses: (patient.address ?? []).filter(a => a.text).map(a => address(a.text!)),
  }
}

/** The verdict on one candidate. Symmetric: `judge(a, b)` and `judge(b, a)` say the same. */
export function judge(a: Evidence, b: Evidence): Verdict {
  const shared = sharedNumbers(a, b)
  const name = nameAgreement(a, b)
  const contradictions = contradictionsOf(a, b)
  if (shared.equal) {
    const missing = shared.equal.type === RESIDENT_ID ? [] : missingForOtherDocuments(shared.equal, a, b)
    if (shared.equal.usable && name === 'same' && !contradictions.length && !missing.length) return { certainty: 'certain', rule: 'R1', reasons: ['NUMBER_AND_NAME'] }
    const unmet = [...(shared.equal.usable ? [] : ['NUMBER_NOT_USABLE']), ...(name === 'same' ? [] : [name === 'different' ? 'NAME_DIFFERS' : 'NAME_SAYS_NOTHING']), ...contradictions, ...missing]
    return { certainty: 'review', rule: 'R3', reasons: unmet }
  }
  if (shared.usableButDifferent) return { certainty: 'no', rule: 'R1', reasons: ['NUMBERS_DIFFER'] }
  const birthAndSexAgree = sameBirth(a, b) && sexOf(a) !== undefined && sexOf(a) === sexOf(b)
  if (shared.oneEditApart && name === 'same' && birthAndSexAgree && !contradictions.length) return { certainty: 'review', rule: 'R3', reasons: ['NUMBER_MISTYPED'] }
  if (name === 'says-nothing') return newbornOrUnknown(a, b, contradictions)
  if (name === 'same' && birthAndSexAgree && !contradictions.length) return { certainty: 'review', rule: 'R4', reasons: ['NO_COMPARABLE_NUMBER'] }
  return { certainty: 'no', rule: 'R4', reasons: ['NO_COMPARABLE_NUMBER', ...contradictions] }
}

/** A number carried by more people than a mother and her newborn stands for nobody. */
const MAX_PEOPLE_PER_NUMBER = 2

export interface Judgement {
  readonly verdicts: readonly Verdict[]
  /** Index of the one candidate whose data may leave; undefined: nobody's may. */
  readonly certain: number | undefined
}

/** The disclosure gate: data leave only if exactly one candidate is certain and the holder's search was not cut short. */
export function judgeCandidates(person: PersonQuery, candidates: readonly Patient[], truncated: boolean, today: string): Judgement {
  const asked = evidenceOfQuery(person, today)
  const verdicts = candidates.map(c => judge(asked, evidenceOfPatient(c, today)))
  const certain = verdicts.flatMap((v, i) => (v.certainty === 'certain' ? [i] : []))
  const carriers = verdicts.filter(v => v.certainty === 'certain' || v.rule === 'R3' && !v.reasons.includes('NUMBER_MISTYPED')).length
  return { verdicts, certain: certain.length === 1 && !truncated && carriers <= MAX_PEOPLE_PER_NUMBER ? certain[0] : undefined }
}

function newbornOrUnknown(a: Evidence, b: Evidence, contradictions: readonly string[]): Verdict {
  const thread = meet(a.phones, b.phones) && meet(a.addresses, b.addresses)
  if (thread && !contradictions.length) return { certainty: 'review', rule: 'R5', reasons: ['NAME_SAYS_NOTHING', 'PHONE_AND_ADDRESS'] }
  return { certainty: 'no', rule: 'R5', reasons: ['NAME_SAYS_NOTHING', ...contradictions] }
}

function sharedNumbers(a: Evidence, b: Evidence): { equal?: IdentityNumber; usableButDifferent: boolean; oneEditApart: boolean } {
  let equal: IdentityNumber | undefined
  let usableButDifferent = false
  let oneEditApart = false
  for (const x of a.numbers) for (const y of b.numbers) {
    if (x.type !== y.type) continue
    if (x.number === y.number) { if (!equal?.usable) equal = x } else if (x.usable && y.usable) usableButDifferent = true
    else if (x.usable !== y.usable && isOneEditApart(x.number, y.number)) oneEditApart = true
  }
  return { equal, usableButDifferent, oneEditApart }
}

/** A passport or permit says neither birth nor sex: both sides must state the same full birth date, and the issuer must be known. */
function missingForOtherDocuments(number: IdentityNumber, a: Evidence, b: Evidence): string[] {
  return [...(sameBirth(a, b) ? [] : ['BIRTH_NOT_STATED']), ...(hasSingleIssuer(number.type) ? [] : ['ISSUER_NOT_STATED'])]
}

type NameAgreement = 'same' | 'different' | 'says-nothing'
/** All official names must agree; a record with a second, different official name contradicts itself. A former name needs evidence that no answer carries. */
function nameAgreement(a: Evidence, b: Evidence): NameAgreement {
  const [as, bs] = [stated(a.names), stated(b.names)]
  if (!as.length || !bs.length) return 'says-nothing'
  return as.every(x => bs.every(y => sameName(x, y))) ? 'same' : 'different'
}
const stated = (names: readonly string[]) => names.filter(n => !isEmptyName(n)).map(personName)

/** Recorded sex and birth against each other and against what each number says. Missing or less precise does not contradict. */
function contradictionsOf(a: Evidence, b: Evidence): string[] {
  const births: string[] = []
  const sexes: string[] = []
  for (const e of [a, b]) {
    if (e.birthDate) births.push(e.birthDate)
    if (e.sex) sexes.push(e.sex)
    for (const n of e.numbers) if (n.usable && n.birthDate) { births.push(n.birthDate); sexes.push(n.sex!) }
  }
  const found: string[] = []
  if (births.some((x, i) => births.some((y, j) => j > i && !compatible(x, y)))) found.push('BIRTH_CONTRADICTS')
  if (sexes.some(s => s !== sexes[0])) found.push('SEX_CONTRADICTS')
  return found
}
const compatible = (x: string, y: string): boolean => x.startsWith(y) || y.startsWith(x)
const sameBirth = (a: Evidence, b: Evidence): boolean => birthOf(a)?.length === 10 && birthOf(a) === birthOf(b)
const birthOf = (e: Evidence): string | undefined => e.birthDate ?? e.numbers.find(n => n.usable)?.birthDate
const sexOf = (e: Evidence): string | undefined => e.sex ?? e.numbers.find(n => n.usable)?.sex
const meet = (a: readonly string[], b: readonly string[]): boolean => a.some(x => b.includes(x))
const phone = (text: string): string => text.normalize('NFKC').replace(/\D/g, '').replace(/^(?:0086|86)(?=1\d{10}$)/, '')
const address = (text: string): string => text.normalize('NFKC').replace(/\s/gu, '')

const FORMER_USES = new Set(['old', 'maiden', 'nickname', 'anonymous', 'temp'])
type PatientIdentifier = Patient['identifier'][number]
/** OIDs of the resident ID card: WS/T 500 and, as an alias, HL7 China. */
const RESIDENT_ID_SYSTEMS = new Set(['2.16.156.10011.1.3', '2.16.840.1.113883.2.23.1.19.1'])
const DOCUMENT_TYPES = /^(?:0[1-7]|99|109|11[0-2])$/
/** CV02.01.101 type of a legal document; undefined for a holder's own numbers. */
export function documentType(identifier: PatientIdentifier): string | undefined {
  const coded = identifier.type?.coding?.find(c => c.code !== undefined && DOCUMENT_TYPES.test(c.code))?.code
  if (coded) return coded
  return identifier.system && RESIDENT_ID_SYSTEMS.has(identifier.system.replace(/^urn:oid:/, '')) ? RESIDENT_ID : undefined
}

/** How the holder itself names the person: its own number if it gave one, else its resource id, else the document number. */
export function holderIdentifier(patient: Patient): string {
  return (patient.identifier.find(i => documentType(i) === undefined)?.value ?? patient.id ?? patient.identifier[0]!.value).slice(0, 64)
}
