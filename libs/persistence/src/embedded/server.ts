import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { commandOf, isAlive } from './processes.js'
import type { Places } from './places.js'

/**
 * The guard: starts the server and reads its input, the other end of which only we hold. When that ends, because we closed it or
 * were killed, it stops the server: fast, after 2.5 s at once, after 4 s by force. A shell, for its 1 MB and its instant start.
 */
const GUARD = `
exec 3<&0
"$@" 3<&- &
server=$!
{ while read -r _ <&3; do :; done
  kill -INT $server
  for step in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    sleep 0.25
    kill -0 $server 2>/dev/null || exit 0
    [ $step = 10 ] && kill -QUIT $server
  done
  kill -KILL $server
} &
watch=$!
wait $server
code=$?
kill $watch 2>/dev/null
exit $code`

const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** How a program of the server's account is spawned; never below a folder that the account cannot enter, never with our environment. */
export const spawnOptions = (places: Places) => ({ cwd: places.home, env: ENVIRONMENT, ...places.account })

export interface Server {
  readonly pid: number
  readonly port: number
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

/** Starts the server on loopback and resolves when it takes connections. Without a port it takes a free one. */
export async function startServer(places: Places, settings: Readonly<Record<string, string>>, wantedPort?: number): Promise<Server> {
  for (let tries = 1; ; tries++) {
    const port = wantedPort ?? await freePort()
    try { return await launch(places, settings, port) } catch (error) {
      const text = (error as Error).message
      const passing = /pre-existing shared memory|lock file .* already exists/.test(text) || (!wantedPort && /could not bind|Address already in use/.test(text))
      if (!passing || tries === 20) throw error
      await pause(250)
    }
  }
}

async function launch(places: Places, settings: Readonly<Record<string, string>>, port: number): Promise<Server> {
  const before = readPidFile(places).join()
  const log = openSync(join(places.home, 'server.log'), 'w', 0o600)
  const command = [places.postgres, '-D', join(places.home, 'data'), '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  // its own session: Ctrl-C in a terminal goes to every process of ours, and the server must outlive the drain
  const guard = spawn('/bin/sh', ['-c', GUARD, 'tongqu-postgres-guard', ...command], { ...spawnOptions(places), detached: true, stdio: ['pipe', log, log] })
  closeSync(log)
  const ended = once(guard, 'exit').then(() => undefined)
  release(guard)
  for (let waitedMs = 0; ; waitedMs += 20) {
    const lines = readPidFile(places)
    const pid = Number(lines[0])
    if (lines[7]?.trim() === 'ready' && lines.join() !== before && isAlive(pid)) return { pid, port, ended, stop: () => stopGuarded(guard, pid, ended) }
    if (guard.exitCode !== null || guard.signalCode !== null) throw new Error(`PostgreSQL did not start: ${logTail(places)}`)
    if (waitedMs > 120_000) { guard.stdin?.destroy(); throw new Error(`PostgreSQL was not ready within 120 s: ${logTail(places)}`) }
    await pause(20)
  }
}

/** The guard does not keep our process alive; when ours ends, so does the server. */
function release(guard: ChildProcess): void {
  guard.unref()
  const stdin = guard.stdin as (NodeJS.WritableStream & { unref?(): void }) | null
  stdin?.unref?.()
  stdin?.on('error', () => undefined)
}

async function stopGuarded(guard: ChildProcess, pid: number, ended: Promise<void>): Promise<void> {
  // a last checkpoint may take its time; only then the guard's shorter patience
  if (isAlive(pid)) process.kill(pid, 'SIGINT')
  guard.ref()
  const impatient = setTimeout(() => guard.stdin?.destroy(), 15_000)
  await ended
  clearTimeout(impatient)
  guard.stdin?.destroy()
}

/** Stops a server that a killed process (or guard) left on this data folder. Resolves to its id, or undefined if there was none. */
export async function stopLeftover(places: Places): Promise<number | undefined> {
  const pid = Number(readPidFile(places)[0])
  if (!pid || !isAlive(pid) || !commandOf(pid).includes(join(places.home, 'data'))) return undefined
  for (const [signal, patienceMs] of [['SIGINT', 10_000], ['SIGQUIT', 3_000], ['SIGKILL', 3_000]] as const) {
    if (isAlive(pid)) process.kill(pid, signal)
    for (let waitedMs = 0; waitedMs < patienceMs && isAlive(pid); waitedMs += 50) await pause(50)
  }
  return pid
}

function readPidFile(places: Places): string[] {
  try { return readFileSync(join(places.home, 'data/postmaster.pid'), 'utf8').split('\n') } catch { return [] }
}

function logTail(places: Places): string {
  return readFileSync(join(places.home, 'server.log'), 'utf8').trim().split('\n').slice(-6).join('\n')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
