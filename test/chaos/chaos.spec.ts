import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { describeWithKafka } from '../kafka-gate.js'
import { chaos } from './chaos.js'
import { summary } from './summary.js'

const KILLS = 10
const WIPES = 1
const LIMIT_MS = 15 * 60_000

/** The strikes of a run that failed are repeated with CHAOS_SEED=<its seed>. */
const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31))

describeWithKafka('kill -9 under load', () => {
  it(`loses nothing, doubles nothing and keeps the order through ${KILLS} kills and a broker without its data`, async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-chaos-'))
    chmodSync(dataDir, 0o711)
    const lines: string[] = []
    process.stdout.write(`CHAOS_SEED=${seed}\n`)
    const report = await chaos({ seed, kills: KILLS, wipes: WIPES, dataDir, tell: line => lines.push(line) }).catch((error: unknown) => {
      process.stdout.write(`${lines.join('\n')}\nwhat it left: ${dataDir}\n`)
      throw error
    })
    process.stdout.write(`${summary(report)}\n`)
    if (Object.keys(report.violations).length) process.stdout.write(`what it left: ${dataDir}\n`)
    else rmSync(dataDir, { recursive: true, force: true })
    expect(report.violations).toEqual({})
    expect(report.strikes).toHaveLength(KILLS + WIPES)
    expect(report.exchanges - report.partial).toBeGreaterThan(100)
  }, LIMIT_MS)
})
