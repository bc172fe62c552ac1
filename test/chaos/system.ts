import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readSettings, type Scope } from '#runtime'
import { startAllProcesses, type Processes } from '../../apps/all-in-one/src/start-processes.js'
import type { Strike, Target } from './schedule.js'

export interface System {
  readonly url: string
  readonly databaseUrl: string
  /** Where the pretend provinces answer, each below its code. */
  readonly simulatorUrl: string
  /** Key of a demo participant. */
  key(participant: string): string
  /** SIGKILL to the target, as soon as there is one to kill. */
  strike(strike: Pick<Strike, 'target' | 'wipe'>): Promise<void>
  stop(): Promise<void>
}

/** Every app as a process of its own over a local broker, with an embedded PostgreSQL: what is killed comes back by itself. */
export async function startSystem(dataDir: string, tell: (line: string) => void): Promise<System> {
  const closers: (() => Promise<unknown>)[] = []
  const scope: Scope = { stopping: false, closes: (_what, close) => { closers.push(close) }, logs: () => undefined }
  const stop = async (): Promise<void> => { for (const close of closers.splice(0).reverse()) await close() }
  try {
    const env = { ...process.env, TONGQU_DATA_DIR: dataDir, PORT: '0', TONGQU_MODE: 'embedded', DATABASE_URL: '', KAFKA_BROKERS: '', LOG_LEVEL: 'info' }
    const processes = await startAllProcesses(readSettings(env), scope, tell)
    return {
      url: processes.url, databaseUrl: processes.postgres!.url, simulatorUrl: processes.group.processes.get('province-simulator')!.url,
      key: participant => keyOf(dataDir, participant), strike: s => strike(processes, s), stop,
    }
  } catch (error) { await stop(); throw error }
}

async function strike(processes: Processes, { target, wipe }: Pick<Strike, 'target' | 'wipe'>): Promise<void> {
  // it may be down still, from the strike before
  while (!kill9(pidOf(processes, target))) await pause(20)
  // at once, before anybody starts it again
  if (wipe) rmSync(processes.kafka!.dataDir, { recursive: true, force: true, maxRetries: 10 })
}

function pidOf({ group, postgres, kafka }: Processes, target: Target): number | undefined {
  if (target === 'postgresql') return postgres!.pid
  return target === 'kafka' ? kafka!.pid : group.processes.get(target)!.pid
}

function kill9(pid: number | undefined): boolean {
  try { return pid !== undefined && pid > 0 && process.kill(pid, 'SIGKILL') } catch { return false }
}

function keyOf(dataDir: string, participant: string): string {
  const { keys } = JSON.parse(readFileSync(join(dataDir, 'demo-keys.json'), 'utf8')) as { keys: readonly { participant: string; key: string }[] }
  const found = keys.find(k => k.participant === participant)
  if (!found) throw new Error(`there is no demo key for ${participant}`)
  return found.key
}
