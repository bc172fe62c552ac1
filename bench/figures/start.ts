import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { nodeArguments } from '#runtime'
import { figure, type Figure } from '../figure.js'
import { residentMiB } from '../measure/cpu.js'

/** From the command, dependencies installed, to the first delivered record; and memory at rest, PostgreSQL not counted. */
export async function startFigures(dataDir: string): Promise<Figure[]> {
  const startedMs = performance.now()
  const seconds = (): number => Number(((performance.now() - startedMs) / 1000).toFixed(1))
  const child = spawn(process.execPath, [...nodeArguments('apps/all-in-one/src/main'), '--story'], { env: { ...process.env, TONGQU_DATA_DIR: join(dataDir), PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] })
  let delivered: number | undefined
  let ready: number | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    if (delivered === undefined && /检验报告|lab report/i.test(line)) delivered = seconds()
    if (line.startsWith('Ready: ')) { ready = seconds(); break }
  }
  child.stdout.resume()
  await pause(10_000)
  const rss = Number(residentMiB(child.pid!).toFixed(0))
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
  return [
    figure('start.first-record', delivered ?? NaN, 's', undefined, { emptyDataFolder: true }),
    figure('start.ready', ready ?? NaN, 's', undefined, { story: true }),
    figure('start.rss-at-rest', rss, 'MiB', undefined, { afterReadyMs: 10_000, postgresqlCounted: false }),
  ]
}
