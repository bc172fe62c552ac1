import { verifyChains, type EvidenceRow } from '#security'
import type { HistoryEvent } from './history.js'

/** An exchange as the gateway's record shows it. */
export interface RecordedExchange {
  readonly id: string
  readonly caseId: string
  readonly seq: number
  readonly state: string
  readonly partial: boolean
  readonly targets: readonly string[]
}

/** What a province took in under one id of ours. */
export interface LedgerEntry {
  readonly province: string
  readonly deliveryId: string
  /** The exchange that this id belongs to; undefined when none that was accepted. */
  readonly exchangeId: string | undefined
  /** How often it changed something there; repeats that the province recognised do not count. */
  readonly effects: number
  /** Place of its first effect among all of the province. */
  readonly order: number
}

/** Everything that a run left behind. */
export interface Observation {
  readonly history: readonly HistoryEvent[]
  readonly records: readonly RecordedExchange[]
  readonly ledgers: readonly LedgerEntry[]
  readonly evidence: readonly EvidenceRow[]
  /** What should be empty once everything is final, e.g. `connector.outbox`, and how many rows it has. */
  readonly residue: Readonly<Record<string, number>>
}

/** Says what breaks the rule, one line each; nothing when it holds. */
export type Checker = (o: Observation) => string[]

/** Every exchange whose request was accepted exists, is final, and ended exactly once. */
const endsOnce: Checker = ({ history, records, evidence }) => {
  const byId = new Map(records.map(r => [r.id, r]))
  const endings = grouped(evidence.filter(e => e.what === 'ended'), e => e.exchangeId)
  return acceptedIds(history).flatMap(id => {
    const record = byId.get(id)
    if (!record) return [`exchange ${id} was accepted and does not exist`]
    if (record.state !== 'COMPLETED') return [`exchange ${id} is ${record.state}`]
    const ended = endings.get(id) ?? []
    if (ended.length !== 1) return [`exchange ${id} has ${ended.length} endings in the evidence`]
    const { state } = JSON.parse(ended[0]!.detail ?? '{}') as { state?: string }
    return state === record.state ? [] : [`exchange ${id} is ${record.state} and ended as ${state} in the evidence`]
  })
}

/** However often a request was repeated, it was accepted in the end and made one exchange, which no other request made. */
const oneExchangePerKey: Checker = ({ history }) => {
  const accepted = grouped(history.filter(e => e.kind === 'accepted'), e => e.key)
  const keys = [...new Set(history.flatMap(e => (e.kind === 'sent' ? [e.key] : [])))]
  const refused = history.flatMap(e => (e.kind === 'refused' ? [`request ${e.key} was refused with ${e.status} ${e.problem}`] : []))
  const unanswered = keys.filter(key => !accepted.has(key)).map(key => `request ${key} was never accepted`)
  const several = [...accepted].flatMap(([key, list]) => {
    const ids = new Set(list.map(e => e.exchangeId))
    return ids.size > 1 ? [`request ${key} made ${ids.size} exchanges`] : []
  })
  const owners = grouped([...new Set([...accepted].flatMap(([key, list]) => list.map(e => `${e.exchangeId} ${key}`)))], pair => pair.split(' ')[0]!)
  const merged = [...owners].flatMap(([id, keys]) => (keys.length > 1 ? [`exchange ${id} answers ${keys.length} requests`] : []))
  return [...refused, ...unanswered, ...several, ...merged]
}

/** A province sees one delivery of an exchange and takes it in once; the domain decides it once. Only an answer that says it is partial may lack one. */
const effectOnce: Checker = ({ records, ledgers, evidence }) => {
  const strange = ledgers.filter(l => l.exchangeId === undefined).map(l => `province ${l.province} took in ${l.deliveryId}, which belongs to no accepted exchange`)
  const repeated = ledgers.filter(l => l.effects > 1).map(l => `province ${l.province} took in ${l.deliveryId} ${l.effects} times`)
  const taken = grouped(ledgers.filter(l => l.exchangeId !== undefined && l.effects > 0), l => `${l.exchangeId} ${l.province}`)
  const several = [...taken].flatMap(([pair, list]) => (list.length > 1 ? [`${list.length} deliveries of exchange and province ${pair}`] : []))
  const missing = records.filter(r => r.state === 'COMPLETED' && !r.partial)
    .flatMap(r => r.targets.filter(t => !taken.has(`${r.id} ${t}`)).map(t => `exchange ${r.id} is complete, and province ${t} never took it in`))
  const decisions = grouped(evidence.filter(isDecision), e => e.exchangeId)
  const decided = [...decisions].flatMap(([id, list]) => (list.length > 1 ? [`exchange ${id} was decided ${list.length} times`] : []))
  return [...strange, ...repeated, ...several, ...missing, ...decided]
}

/** The domain decides, and each province takes in, the messages of a case in the order in which they were numbered. */
const orderKept: Checker = ({ records, ledgers, evidence }) => {
  const byId = new Map(records.map(r => [r.id, r]))
  const disorder = (who: string, ids: readonly string[]): string[] => {
    const last = new Map<string, number>()
    return ids.flatMap(id => {
      const record = byId.get(id)
      if (!record) return []
      const before = last.get(record.caseId) ?? 0
      last.set(record.caseId, Math.max(before, record.seq))
      return record.seq > before ? [] : [`${who} took message ${record.seq} of case ${record.caseId} after message ${before}`]
    })
  }
  const dropped = evidence.filter(e => e.what === 'sequence-passed').map(e => `message ${e.exchangeId} of case ${e.caseId} came after its turn`)
  const decisions = evidence.filter(isDecision).sort((a, b) => a.n - b.n).map(e => e.exchangeId)
  const provinces = grouped(ledgers.filter(l => l.effects > 0), l => l.province)
  return [
    ...dropped, ...disorder('the domain', decisions),
    ...[...provinces].flatMap(([province, list]) => disorder(`province ${province}`, list.toSorted((a, b) => a.order - b.order).flatMap(l => l.exchangeId ?? []))),
  ]
}

/** Every chain begins at its first row and has no gap, no changed row and no broken link. */
const evidenceWhole: Checker = ({ evidence }) => {
  const { chains, flaws } = verifyChains(evidence)
  return [
    ...(chains.length ? [] : ['there is no evidence']),
    ...chains.filter(c => c.from !== 1).map(c => `chain ${c.chain} begins at row ${c.from}`),
    ...flaws.map(f => `chain ${f.chain} has a ${f.flaw} at row ${f.n}`),
  ]
}

/** Outputs of final exchanges are let go; nothing waits, nothing is parked, nobody has to look after a dead letter. */
const nothingLeft: Checker = ({ residue }) => Object.entries(residue).filter(([, count]) => count > 0).map(([where, count]) => `${count} left in ${where}`)

export const RULES: Readonly<Record<string, Checker>> = {
  'every accepted exchange ends once': endsOnce,
  'a repeated request makes one exchange': oneExchangePerKey,
  'nothing takes effect twice': effectOnce,
  'the order of a case is kept': orderKept,
  'the evidence is whole': evidenceWhole,
  'nothing is left over': nothingLeft,
}

/** All that breaks a rule, by rule; empty when every rule holds. */
export function violations(o: Observation): Record<string, string[]> {
  return Object.fromEntries(Object.entries(RULES).map(([rule, check]) => [rule, check(o)] as const).filter(([, broken]) => broken.length))
}

const isDecision = (e: EvidenceRow): boolean => e.what === 'access.permitted'
const acceptedIds = (history: readonly HistoryEvent[]): string[] => [...new Set(history.flatMap(e => (e.kind === 'accepted' ? [e.exchangeId] : [])))]

function grouped<T>(list: readonly T[], key: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(list, key)
}
