import { appendFileSync, chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createProgress, defaultJarsDir } from '#runtime'
import { copyRequest, figuresOf, runDiscover, runExchange, stepsOf, type LoadPlan } from './figures/exchange.js'
import { startFigures } from './figures/start.js'
import { figure, table, type Figure } from './figure.js'
import { rawKafka } from './baselines/raw-kafka.js'
import { runLimit, type LimitRun } from './baselines/limit.js'
import { runStock } from './baselines/run-stock.js'
import { startKafka, startMemory, type System } from './systems.js'

/**
 * `npm run bench -- [id …] [--out file.jsonl] [--limit <dir>] [--seconds n]`: measures the groups named (default: all) one after the other on
 * this machine and prints a table; each figure is one JSON line in `--out`. The ids are listed in bench/README.md.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' }, limit: { type: 'string' }, seconds: { type: 'string', default: '10' } } })
const GROUPS = ['start', 'memory', 'kafka'] as const
const asked = positionals.length ? positionals : [...GROUPS]
const unknown = asked.filter(id => !GROUPS.some(g => id === g || id.startsWith(`${g}.`)))
if (unknown.length) { console.error(`unknown: ${unknown.join(', ')}; there are ${GROUPS.join(', ')}`); process.exit(2) }

const progress = createProgress(process.stderr)
const wanted = (group: string): boolean => asked.some(id => id === group || id.startsWith(`${group}.`))
const plan = (inFlight: number): LoadPlan => ({ inFlight, warmMs: 6000, measureMs: Number(values.seconds) * 1000 })
const figures: Figure[] = []
const add = (...list: Figure[]): void => {
  figures.push(...list)
  if (values.out) for (const f of list) appendFileSync(values.out, `${JSON.stringify({ ...f, machine: `${cpus().length} × ${cpus()[0]?.model}`, node: process.version, at: new Date().toISOString() })}\n`)
}
if (values.out) writeFileSync(values.out, '')

const work = mkdtempSync(join(tmpdir(), 'tongqu-bench-'))
chmodSync(work, 0o755)
try {
  const limits = values.limit && (wanted('memory') || wanted('kafka')) ? await limitRuns(values.limit) : []
  if (wanted('start')) add(...await startFigures(join(work, 'start')))
  if (wanted('memory')) await memory(limits)
  if (wanted('kafka')) await kafka(limits)
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(table(figures))

async function limitRuns(dir: string): Promise<LimitRun[]> {
  progress('running the bare mechanics')
  return runLimit(dir, defaultJarsDir(), [...(wanted('kafka') ? ['split'] : []), ...(wanted('memory') ? ['mem:layout=mono,bus=mem'] : [])], [1, 128], { shared_buffers: '256MB', max_wal_size: '2GB' })
}

function limitOf(runs: readonly LimitRun[], variant: string, inFlight: number): { id: string; perSecond?: number; p50Ms?: number; p99Ms?: number } {
  const run = runs.find(r => r.variant === variant && r.c === inFlight)
  return { id: `limit.${variant}.${inFlight}`, perSecond: run?.perSec, p50Ms: run?.p50, p99Ms: run?.p99 }
}

async function memory(limits: readonly LimitRun[]): Promise<void> {
  progress('memory transport: starting everything in one process')
  const system = await startMemory(join(work, 'memory'))
  try {
    progress('memory transport: 128 in flight')
    add(...figuresOf('memory.128', await runExchange(system, plan(128)), plan(128), limitOf(limits, 'mem', 128)))
    progress('memory transport: 1 in flight')
    add(...figuresOf('memory.1', await runExchange(system, plan(1)), plan(1), limitOf(limits, 'mem', 1)))
    await steps('memory', system)
  } finally { await system.stop() }
}

async function kafka(limits: readonly LimitRun[]): Promise<void> {
  progress('Kafka: starting every process')
  const system = await startKafka(join(work, 'kafka'), progress)
  try {
    progress('Kafka: 128 in flight, warming the broker first')
    await runExchange(system, { inFlight: 64, warmMs: 1000, measureMs: 15_000 })
    const ours = await runExchange(system, plan(128))
    add(...figuresOf('kafka.128', ours, plan(128), limitOf(limits, 'split', 128)))
    progress('Kafka: 1 in flight')
    add(...figuresOf('kafka.1', await runExchange(system, plan(1)), plan(1), limitOf(limits, 'split', 1)))
    progress('Kafka: the discover story, 128 in flight')
    add(...figuresOf('kafka.discover.128', await runDiscover(system, plan(128)), plan(128), limitOf(limits, 'split', 128)))
    await steps('kafka', system)
    progress('Kafka: stock Nest, 128 in flight')
    const { postgresql, kafka: broker } = system.watched
    const stock = await runStock(system.databaseUrl!, system.brokers!, copyRequest(), 128, { postgresql: postgresql!, kafka: broker! })
    add(...figuresOf('kafka.128.beside-stock', ours, plan(128), { id: 'stock-nest.128', ...stock }))
    progress('Kafka: bare produce and consume')
    const raw = await rawKafka(system.brokers!, 1400, 100_000)
    add(figure('kafka.128.beside-raw', ours.perSecond, 'exchanges/s', { id: 'raw-kafka.messages', value: raw.perSecond }, { messageBytes: 1400 }))
  } finally { await system.stop() }
}

async function steps(id: string, system: System): Promise<void> {
  for (const [step, ms] of Object.entries(await stepsOf(system, 'wenzhou-hospital', 'application/json; charset=utf-8', copyRequest()))) add(figure(`${id}.step ${step}`, ms, 'ms', undefined))
}
