import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createProgress, readSettings } from '#runtime'
import { chaos } from './chaos.js'
import { summary } from './summary.js'

const { values } = parseArgs({ options: {
  kills: { type: 'string', default: '50' }, wipes: { type: 'string', default: '5' }, seed: { type: 'string', default: process.env.CHAOS_SEED ?? String(Math.floor(Math.random() * 2 ** 31)) },
} })
const seed = Number(values.seed)
const dataDir = join(readSettings().dataDir, `soak-${seed}`)
const tell = createProgress()

tell(`CHAOS_SEED=${seed}: ${values.kills} kills, and ${values.wipes} of the broker with its data; all it leaves is in ${dataDir}`)
// its processes, the broker and PostgreSQL end with it
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.once(signal, () => { tell(`ended by ${signal}`); process.exit(code) })
const report = await chaos({ seed, kills: Number(values.kills), wipes: Number(values.wipes), dataDir, tell })
process.stdout.write(`${summary(report)}\n`)
process.exit(Object.keys(report.violations).length ? 1 : 0)
