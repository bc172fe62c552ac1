import { fork } from 'node:child_process'
import { join } from 'node:path'
import { cpuUs, machineUs } from './cpu.js'
import type { LoadResult, LoadSettings } from './load.js'

export interface Watched { readonly pid: number; readonly family?: boolean }
export interface Measured extends LoadResult {
  /** CPU µs per exchange, by process; `load` is the generator itself. */
  readonly usPerExchange: Readonly<Record<string, number>>
  /** Share of the machine that processes outside the watched ones took while measuring, percent: above 4 the figure is disturbed. */
  readonly otherPercent: number
}

/** Runs the load in a process of its own and reads the CPU of the watched processes over the measured window. */
export function runLoad(settings: LoadSettings, watched: Readonly<Record<string, Watched>>): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'load.ts'), [JSON.stringify(settings)], { execArgv: process.execArgv })
    const read = (): { us: Record<string, number>; machine: { busy: number; all: number } } => ({
      us: { ...Object.fromEntries(Object.entries(watched).map(([name, w]) => [name, cpuUs(w.pid, w.family)])), load: cpuUs(child.pid!) }, machine: machineUs(),
    })
    let begin: ReturnType<typeof read> | undefined
    let end: ReturnType<typeof read> | undefined
    child.on('message', message => {
      if (message === 'measure') begin = read()
      else if (message === 'end') end = read()
      else if (begin && end) resolve(summary((message as { result: LoadResult }).result, begin, end))
    })
    child.once('exit', code => { if (code) reject(new Error(`the load generator ended with exit code ${code}`)) })
  })
}

type Reading = { us: Record<string, number>; machine: { busy: number; all: number } }
function summary(result: LoadResult, begin: Reading, end: Reading): Measured {
  const used = Object.fromEntries(Object.keys(end.us).map(k => [k, end.us[k]! - begin.us[k]!]))
  const watchedUs = Object.values(used).reduce((a, b) => a + b, 0)
  const all = end.machine.all - begin.machine.all
  return {
    ...result, usPerExchange: Object.fromEntries(Object.entries(used).map(([k, v]) => [k, Math.round(v / Math.max(1, result.count))])),
    otherPercent: Number(((end.machine.busy - begin.machine.busy - watchedUs) / all * 100).toFixed(1)),
  }
}
