import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '#kernel'
import { projectFolder } from '#runtime'
import { violations } from './checkers.js'
import { Clients } from './clients.js'
import { History } from './history.js'
import { evidenceOf, finalRecords, isFinal, ledgersOf, openInGateway, recordOf, residueOf } from './observe.js'
import { randomOf, scheduleOf, type Strike } from './schedule.js'
import { startSystem, type System } from './system.js'

export interface ChaosOptions {
  /** The same seed strikes the same targets in the same order. */
  readonly seed: number
  readonly kills: number
  /** Kills of the broker, beside the others, that take its data directory too. */
  readonly wipes: number
  /** Everything that the run leaves, its history among it. */
  readonly dataDir: string
  readonly tell: (line: string) => void
}

export interface ChaosReport {
  readonly strikes: readonly { readonly target: string; readonly wiped: boolean; readonly recoveredMs: number }[]
  readonly exchanges: number
  /** Completed without the answer of every province, as the reply says. */
  readonly partial: number
  readonly evidenceRows: number
  readonly ms: number
  /** By rule; empty when every rule holds. */
  readonly violations: Readonly<Record<string, readonly string[]>>
}

const CLIENTS = 16
const PAUSE_MS = 600
/** So soon after a kill an exchange must have gone all the way again, with every province. */
const RECOVERY_MS = 120_000
const FINAL_MS = 90_000
const SENDER = { participant: 'wenzhou-hospital', document: 'libs/provinces/zhejiang/fixtures/requests/discover-patient-x.json', contentType: 'application/json; charset=utf-8', targets: ['350000', '360000'] } as const

/** Kills one process after the other under load, waits until all is quiet, and says what of its promises the system has not kept. */
export async function chaos(o: ChaosOptions): Promise<ChaosReport> {
  const began = Date.now()
  mkdirSync(o.dataDir, { recursive: true, mode: 0o711 })
  const history = new History(join(o.dataDir, 'history.jsonl'))
  const system = await startSystem(o.dataDir, line => o.tell(`  ${line}`))
  try {
    const key = system.key(SENDER.participant)
    const clients = new Clients({ ...SENDER, url: system.url, key, document: readFileSync(join(projectFolder(), SENDER.document)) }, history, randomOf(o.seed))
    clients.start(CLIENTS, PAUSE_MS)
    const run = new Run(system, key, clients, history, o.tell)
    await run.recovers('start')
    const strikes = scheduleOf(o.seed, o.kills, o.wipes)
    await run.strikeAll(strikes)
    await clients.stop(30_000)
    o.tell(`${history.accepted.length} exchanges accepted; waiting until they have ended`)
    const records = await finalRecords(system.url, key, history.accepted, FINAL_MS, o.tell)
    const residue = { ...await residueOf(system.databaseUrl, 30_000), 'the gateway\'s count of open exchanges': await openInGateway(system.url) }
    const ledgers = await ledgersOf(system.simulatorUrl, SENDER.targets, history.accepted)
    const evidence = await evidenceOf(system.url, system.key('operator'))
    const found = violations({ history: history.events, records, ledgers, evidence, residue })
    return {
      strikes: run.strikes, exchanges: records.length, partial: records.filter(r => r.partial).length, evidenceRows: evidence.length, ms: Date.now() - began,
      violations: run.late.length ? { ...found, 'the system recovers from a kill': run.late } : found,
    }
  } finally { await system.stop() }
}

class Run {
  readonly strikes: { target: string; wiped: boolean; recoveredMs: number }[] = []
  /** Recoveries that took too long. */
  readonly late: string[] = []

  constructor(private readonly system: System, private readonly key: string, private readonly clients: Clients, private readonly history: History, private readonly tell: (line: string) => void) {}

  async strikeAll(strikes: readonly Strike[]): Promise<void> {
    let recovery: Promise<void> = Promise.resolve()
    for (const [i, strike] of strikes.entries()) {
      if (strike.recovered) await recovery
      await pause(strike.afterMs)
      await this.system.strike(strike)
      const name = `${i + 1}/${strikes.length} ${strike.target}${strike.wipe ? ' and its data' : ''}`
      this.history.add({ kind: 'killed', target: strike.target, wiped: strike.wipe })
      this.tell(`killed ${name}`)
      const before = recovery
      recovery = Promise.all([before, this.#recovery(strike, name)]).then(() => undefined)
    }
    await recovery
  }

  async #recovery({ target, wipe }: Strike, name: string): Promise<void> {
    const recoveredMs = await this.recovers(name)
    this.strikes.push({ target, wiped: wipe, recoveredMs })
    this.history.add({ kind: 'recovered', target, ms: recoveredMs })
    this.tell(`recovered from ${name} after ${(recoveredMs / 1000).toFixed(1)} s`)
  }

  /** Resolves when an exchange that began after now has ended with the answers of all provinces, with how long that took. */
  async recovers(after: string): Promise<number> {
    const began = Date.now()
    const left = (): number => RECOVERY_MS - (Date.now() - began)
    while (left() > 0) {
      const id = await this.clients.send(newId(), 1)
      while (id !== undefined && left() > 0) {
        const record = await recordOf(this.system.url, this.key, id)
        if (record.state === 'COMPLETED' && !record.partial) return Date.now() - began
        if (isFinal(record)) break
        await pause(100)
      }
    }
    this.late.push(`no exchange had all answers within ${RECOVERY_MS / 1000} s after ${after}`)
    return Date.now() - began
  }
}
