import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

/** Whether a process of this id runs; one that ended and was not yet waited for does not count. */
export function isAlive(pid: number): boolean {
  try { process.kill(pid, 0) } catch (error) { return (error as NodeJS.ErrnoException).code === 'EPERM' }
  return procStat(pid)?.[0] !== 'Z'
}

/** Tells a process from a later one of the same id: the kernel's start time, or what `ps` calls it. Undefined when it does not run. */
export function startMark(pid: number): string | undefined {
  if (!isAlive(pid)) return undefined
  return existsSync('/proc/self/stat') ? procStat(pid)?.[19] : ps(pid, 'lstart')
}

/** The command line of a process; empty when it cannot be told. */
export const commandOf = (pid: number): string => {
  try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') } catch { return existsSync('/proc/self/stat') ? '' : ps(pid, 'command') ?? '' }
}

/** Fields of /proc/<pid>/stat from the state on: 0 is the state, 19 the start time. */
function procStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch { return undefined }
}

function ps(pid: number, field: string): string | undefined {
  try { return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined } catch { return undefined }
}
