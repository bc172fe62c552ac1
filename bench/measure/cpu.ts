import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const TICK_US = 10_000

function stat(pid: number): { ppid: number; ownTicks: number; reapedTicks: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const f = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number)
  return { ppid: f[1]!, ownTicks: f[11]! + f[12]!, reapedTicks: f[13]! + f[14]! }
}

/** CPU time a process has used so far, µs; with `family`, its children too (PostgreSQL works in children). Linux only. */
export function cpuUs(pid: number, family = false): number {
  try {
    const own = stat(pid)
    let ticks = own.ownTicks
    if (family) {
      ticks += own.reapedTicks
      for (const entry of readdirSync('/proc')) {
        if (!/^\d+$/.test(entry)) continue
        try { const s = stat(Number(entry)); if (s.ppid === pid) ticks += s.ownTicks } catch { /* it has ended */ }
      }
    }
    return ticks * TICK_US
  } catch {
    return 0
  }
}

/** CPU time of the whole machine: busy and in all, µs over all cores. */
export function machineUs(): { busy: number; all: number } {
  const f = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1).map(Number)
  const idle = f[3]! + f[4]!
  const all = f.slice(0, 8).reduce((a, b) => a + b, 0)
  return { busy: (all - idle) * TICK_US, all: all * TICK_US }
}

/** Resident memory of a process, MiB. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

export const folderBytes = (dir: string): number =>
  readdirSync(dir, { withFileTypes: true }).reduce((n, e) => n + (e.isDirectory() ? folderBytes(join(dir, e.name)) : statSync(join(dir, e.name)).size), 0)
