import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { createProgress } from '#runtime'
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
    const tell = createProgress()
    tell(`CHAOS_SEED=${seed}; what it leaves is in ${dataDir}`)
    const report = await chaos({ seed, kills: KILLS, wipes: WIPES, dataDir, tell })
    tell(summary(report))
    expect(report.violations).toEqual({})
    rmSync(dataDir, { recursive: true, force: true })
    expect(report.strikes).toHaveLength(KILLS + WIPES)
    expect(report.exchanges - report.partial).toBeGreaterThan(100)
  }, LIMIT_MS)
})
