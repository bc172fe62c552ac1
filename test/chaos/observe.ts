import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { EvidenceRow } from '#security'
import type { LedgerEntry, RecordedExchange } from './checkers.js'

/** GET, again and again for a minute while there is no good answer; what the gateway refuses is not asked again. */
export async function get<T>(url: string, key: string | undefined, read: (answer: Response) => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 60_000; ;) {
    const found = await once(url, key, read)
    if (found.value !== undefined) return found.value
    if (found.refused || Date.now() > end) throw new Error(`${url}: ${found.problem}`)
    await pause(1000)
  }
}

async function once<T>(url: string, key: string | undefined, read: (answer: Response) => Promise<T | undefined>): Promise<{ value?: T; problem?: string; refused?: boolean }> {
  try {
    const answer = await fetch(url, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` }, signal: AbortSignal.timeout(30_000) })
    if (!answer.ok) return { problem: `HTTP ${answer.status} ${await answer.text()}`, refused: answer.status < 500 && answer.status !== 429 }
    const value = await read(answer)
    return value === undefined ? { problem: 'not complete' } : { value }
  } catch (error) { return { problem: (error as Error).message } }
}

const FINAL = new Set(['COMPLETED', 'REJECTED', 'FAILED', 'EXPIRED'])
export const isFinal = (r: RecordedExchange): boolean => FINAL.has(r.state)

/** The record of an exchange as its sender sees it. */
export const recordOf = (url: string, key: string, id: string): Promise<RecordedExchange> => get(`${url}/v1/exchanges/${id}`, key, async answer => {
  const { caseId, seq, state, partial, targets } = await answer.json() as RecordedExchange
  return { id, caseId, seq, state, partial, targets }
})

/** Records of all, looked up again until each is final or `ms` have passed. */
export async function finalRecords(url: string, key: string, ids: readonly string[], ms: number, tell: (line: string) => void): Promise<RecordedExchange[]> {
  const found = new Map<string, RecordedExchange>()
  for (const end = Date.now() + ms; ;) {
    const open = ids.filter(id => { const r = found.get(id); return !r || !isFinal(r) })
    await eachOf(open, 8, async id => { found.set(id, await recordOf(url, key, id)) })
    const left = [...found.values()].filter(r => !isFinal(r)).length
    if (!left || Date.now() > end) return [...found.values()]
    tell(`${left} exchanges are still open`)
    await pause(1000)
  }
}

async function eachOf<T>(list: readonly T[], workers: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = list.values()
  await Promise.all(Array.from({ length: workers }, async () => { for (const item of queue) await work(item) }))
}

/** What the provinces say they took in; a delivery of none of the exchanges `ids` belongs to nobody. */
export async function ledgersOf(simulatorUrl: string, provinces: readonly string[], ids: readonly string[]): Promise<LedgerEntry[]> {
  const accepted = new Set(ids)
  const all = await Promise.all(provinces.map(async province => {
    const { entries } = await get(`${simulatorUrl}/${province}/_ledger`, undefined, answer => answer.json() as Promise<{ entries: readonly LedgerRow[] }>)
    return entries.map((e): LedgerEntry => ({ province, deliveryId: e.id, exchangeId: accepted.has(e.exchangeId) ? e.exchangeId : undefined, effects: e.effects, order: e.order }))
  }))
  return all.flat()
}

interface LedgerRow { readonly id: string; readonly exchangeId: string; readonly effects: number; readonly order: number }

/** Every evidence row of the installation, once every service has told its own. */
export const evidenceOf = (url: string, operatorKey: string): Promise<EvidenceRow[]> => get(`${url}/v1/evidence`, operatorKey, async answer => {
  const rows = (await answer.text()).split('\n').filter(Boolean)
  return answer.headers.has('tongqu-missing') ? undefined : rows.map(line => JSON.parse(line) as EvidenceRow)
})

const SERVICES = ['medical_records', 'connector']
const WAITING: Readonly<Record<string, string>> = {
  ...Object.fromEntries(SERVICES.flatMap(s => [
    [`${s}.outbox`, `SELECT count(*)::int AS n FROM ${s}.outbox`],
    [`${s}.parked`, `SELECT count(*)::int AS n FROM ${s}.parked`],
    [`${s}.effect`, `SELECT count(*)::int AS n FROM ${s}.effect`],
    [`${s}.dead_letter`, `SELECT count(*)::int AS n FROM ${s}.dead_letter WHERE status = 'OPEN'`],
    [`${s}.cases held`, `SELECT count(*)::int AS n FROM ${s}.cases WHERE held IS NOT NULL OR parked > 0`],
    [`${s}.cases due`, `SELECT count(*)::int AS n FROM ${s}.cases WHERE due_at < now() - interval '2 s'`],
  ])),
  'gateway.exchange': `SELECT count(*)::int AS n FROM gateway.exchange WHERE state IN ('OPEN', 'BLOCKED')`,
  'gateway.dead_letter_notice': `SELECT count(*)::int AS n FROM gateway.dead_letter_notice WHERE status = 'OPEN'`,
}

/** Exchanges that the gateway's process still counts as open. */
export const openInGateway = (url: string): Promise<number> => get(`${url}/metrics`, undefined, async answer => {
  const told = /^tongqu_exchanges_open (\d+)$/m.exec(await answer.text())
  return told ? Number(told[1]) : undefined
})

/** What waits in the database, looked at until nothing does or `ms` have passed. */
export async function residueOf(databaseUrl: string, ms: number): Promise<Record<string, number>> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    for (const end = Date.now() + ms; ;) {
      const residue: Record<string, number> = {}
      for (const [where, sql] of Object.entries(WAITING)) residue[where] = (await client.query<{ n: number }>(sql)).rows[0]!.n
      if (Object.values(residue).every(n => n === 0) || Date.now() > end) return residue
      await pause(500)
    }
  } finally { await client.end() }
}
