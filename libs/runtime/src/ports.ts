import { once } from 'node:events'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import type { Settings } from './settings.js'

/**
 * The port that the gateway will listen on: the one of PORT, or from 8080 the next that is free, which `tell` is told of.
 * @throws Error when PORT was given and is taken; it names the other program where the system lets us see it.
 */
export async function choosePort({ host, port, portGiven }: Settings, tell: (line: string) => void): Promise<number> {
  if (port === 0) return freePort(host)
  for (let candidate = port; candidate < port + 100; candidate++) {
    if (await isFree(host, candidate)) {
      if (candidate !== port) tell(`port ${port} is taken by ${portHolder(port)}, so the gateway takes ${candidate} (PORT chooses another)`)
      return candidate
    }
    if (portGiven) break
  }
  throw new Error(`Port ${port} is taken by ${portHolder(port)}. Stop that program, or set PORT to another port (0: any free port).`)
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const probe = createServer().listen(0, host)
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

export async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer()
  try {
    await once(probe.listen(port, host), 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') return false
    throw code === 'EACCES' ? new Error(`This user may not listen on port ${port}. Set PORT to one above 1023.`) : error
  }
  probe.close()
  await once(probe, 'close')
  return true
}

/** `node (process 4711)`, as far as /proc lets us look; else `another program`. */
function portHolder(port: number): string {
  try {
    const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
    const sockets = ['tcp', 'tcp6'].flatMap(table => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').map(line => line.trim().split(/\s+/)))
    const inodes = new Set(sockets.filter(fields => fields[1]?.endsWith(suffix) && fields[3] === '0A').map(fields => `socket:[${fields[9]}]`))
    for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
      if (openFiles(pid).some(file => inodes.has(file))) return `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (process ${pid})`
    }
  } catch { /* not a system with /proc */ }
  return 'another program'
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(fd => {
      // a file may be closed between the two looks at it
      try { return readlinkSync(`/proc/${pid}/fd/${fd}`) } catch { return '' }
    })
  } catch { return [] }
}
