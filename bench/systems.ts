import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startAllProcesses } from '../apps/all-in-one/src/start-processes.js'
import { nodeArguments, projectFolder, readSettings, type Scope } from '#runtime'
import type { Watched } from './measure/run-load.js'

export interface System {
  readonly url: string
  readonly watched: Readonly<Record<string, Watched>>
  /** Key of the participant that asks. */
  key(participant: string): string
  readonly databaseUrl?: string
  readonly brokers?: readonly string[]
  stop(): Promise<void>
}

/** The province that the bench exchange asks: the Zhejiang folder under another name and code. */
export const COPY = { code: '310000', slug: 'zhejiang-copy' } as const

/** Writes the copy below `dir`; only names and codes of the province itself change. */
export function copyProvince(dir: string): string {
  const from = join(projectFolder(), 'libs/provinces/zhejiang')
  const to = join(dir, COPY.slug)
  rmSync(to, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  cpSync(from, to, { recursive: true })
  for (const file of filesOf(to)) {
    if (!/\.(yaml|yml)$/.test(file)) continue
    const text = readFileSync(file, 'utf8')
    const changed = text.replace(/^slug: zhejiang$/m, `slug: ${COPY.slug}`).replace(/^code: '330000'$/m, `code: '${COPY.code}'`).replace(/^province: zhejiang$/m, `province: ${COPY.slug}`)
      .replace(/^( *- id: )(wenzhou-hospital|zhejiang-platform)$/gm, '$1copy-of-$2').replace(/maxInFlight: \d+/, 'maxInFlight: 64')
    if (changed !== text) writeFileSync(file, changed)
  }
  return to
}

const filesOf = (dir: string): string[] => readdirSync(dir).flatMap(name => { const path = join(dir, name); return statSync(path).isDirectory() ? filesOf(path) : [path] })

function settingsFor(dataDir: string, extra: Record<string, string>): Record<string, string> {
  return { ...process.env as Record<string, string>, TONGQU_DATA_DIR: dataDir, PORT: '0', TONGQU_RATE: '1000000', TONGQU_PROVINCE_DIRS: join(dataDir, 'provinces'), LOG_LEVEL: 'warn', ...extra }
}

const keysOf = (dataDir: string) => (participant: string): string => {
  const { keys } = JSON.parse(readFileSync(join(dataDir, 'demo-keys.json'), 'utf8')) as { keys: { participant: string; key: string }[] }
  const found = keys.find(k => k.participant === participant)
  if (!found) throw new Error(`no demo key for ${participant}`)
  return found.key
}

/** Everything in one process with the memory transport; PostgreSQL apart. */
export async function startMemory(dataDir: string): Promise<System> {
  copyProvince(join(dataDir, 'provinces'))
  const child = spawn(process.execPath, nodeArguments('apps/all-in-one/src/main'), { env: settingsFor(dataDir, {}), stdio: ['ignore', 'pipe', 'inherit'] })
  const { url, databasePid } = await readyOf(child)
  return { url, key: keysOf(dataDir), watched: { 'all-in-one': { pid: child.pid! }, ...(databasePid && { postgresql: { pid: databasePid, family: true } }) }, stop: async () => { child.kill('SIGTERM'); if (child.exitCode === null) await once(child, 'exit') } }
}

async function readyOf(child: ChildProcess): Promise<{ url: string; databasePid: number | undefined }> {
  let databasePid: number | undefined
  for await (const line of createInterface({ input: child.stdout! })) {
    const pid = /PostgreSQL runs \(process (\d+)\)/.exec(line)
    if (pid) databasePid = Number(pid[1])
    const ready = /^Ready: (\S+)/.exec(line)
    if (ready) { child.stdout!.resume(); return { url: ready[1]!, databasePid } }
  }
  throw new Error(`the system ended with exit code ${child.exitCode} before it was ready`)
}

/** Every app as a process of its own over a local Kafka; broker and PostgreSQL on the same machine. */
export async function startKafka(dataDir: string, progress: (line: string) => void): Promise<System> {
  copyProvince(join(dataDir, 'provinces'))
  const closers: (() => Promise<unknown>)[] = []
  const scope: Scope = { stopping: false, closes: (_what, close) => { closers.push(close) }, logs: () => undefined }
  const env = settingsFor(dataDir, {})
  Object.assign(process.env, { TONGQU_RATE: env.TONGQU_RATE, TONGQU_PROVINCE_DIRS: env.TONGQU_PROVINCE_DIRS })
  const stop = async (): Promise<void> => { for (const close of closers.splice(0).reverse()) await close() }
  try {
    const running = await startAllProcesses(readSettings(env), scope, progress)
    const watched: Record<string, Watched> = Object.fromEntries([...running.group.processes.values()].map(p => [p.app, { pid: p.pid! }]))
    if (running.postgres) watched.postgresql = { pid: running.postgres.pid, family: true }
    if (running.kafka) watched.kafka = { pid: running.kafka.pid }
    return { url: running.url, key: keysOf(dataDir), watched, databaseUrl: running.postgres?.url, brokers: running.kafka?.brokers, stop }
  } catch (error) { await stop(); throw error }
}
