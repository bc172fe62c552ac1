import { spawn } from 'node:child_process'

/** Waits until its input ends, which it does when this process ends, however it ends. */
const WATCH = 'while read -r _; do :; done; kill -TERM "$1" 2>/dev/null || exit 0; sleep 2; kill -KILL "$1" 2>/dev/null; exit 0'

export interface Guard {
  /** Call it when the guarded process has ended: its number may be given to another. */
  release(): void
}

/** Ends the process `pid` within seconds after this process is gone, a `kill -9` included. */
export function guard(pid: number): Guard {
  // a session of its own, so that Ctrl-C in a terminal does not take the guard away first
  const watcher = spawn('/bin/sh', ['-c', WATCH, 'guard', String(pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  watcher.unref()
  watcher.on('error', () => {})
  watcher.stdin.on('error', () => {})
  ;(watcher.stdin as unknown as { unref(): void }).unref()
  return { release: () => { watcher.kill('SIGKILL') } }
}
