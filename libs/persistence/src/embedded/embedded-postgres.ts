import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { hold } from './holder.js'
import { OPEN_ROOT, placesOf, type Places } from './places.js'
import { spawnOptions, startServer, stopLeftover, type Server } from './server.js'

export interface EmbeddedPostgresOptions {
  /** Made when missing; one process at a time may use it. */
  readonly dataDir: string
  /** A line for whoever waits. */
  readonly onProgress?: (line: string) => void
  /** Server settings that differ from ours, e.g. `{ shared_buffers: '1GB' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  /** `postgres://…@127.0.0.1:<port>/postgres`, the password included. */
  readonly url: string
  /** The server's own process; another one after it was killed and came back. */
  readonly pid: number
  /** Stops the server and lets go of the data folder. */
  stop(): Promise<void>
}

/** The server keeps every promise of durability. Its log names no values: statements and error details stay out of it. */
const SETTINGS = {
  listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '100', fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on',
  shared_buffers: '256MB', max_wal_size: '2GB', checkpoint_timeout: '15min', jit: 'off', log_min_error_statement: 'panic', log_error_verbosity: 'terse', log_timezone: 'UTC',
} as const
const USER = 'tongqu'
const MAJOR = '18'

/**
 * A PostgreSQL 18 of our own on loopback, its data below `dataDir`. It works as root and as an ordinary user, is stopped within 5 s
 * when this process dies, and is started again on the same port when it is killed itself.
 * @throws Error with the way out: the folder is in use, belongs to another user, holds another version, no binaries for this platform.
 */
export async function startEmbeddedPostgres({ dataDir, onProgress = () => undefined, settings = {} }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const places = placesOf(dataDir)
  const letGo = hold(join(dataDir, 'postgres.holder'), dataDir)
  try {
    const leftover = await stopLeftover(places)
    if (leftover) onProgress(`stopped PostgreSQL ${leftover}, left over from a start that was killed`)
    await initialise(places, onProgress)
    return new SupervisedPostgres(places, { ...SETTINGS, ...settings }, await startServer(places, { ...SETTINGS, ...settings }), onProgress, letGo)
  } catch (error) { letGo(); throw error }
}

class SupervisedPostgres implements EmbeddedPostgres {
  readonly url: string
  #server: Server
  #stopping = false
  #supervision: Promise<void>

  constructor(readonly places: Places, readonly settings: Readonly<Record<string, string>>, server: Server, readonly onProgress: (line: string) => void, readonly letGo: () => void) {
    this.#server = server
    this.url = `postgres://${USER}:${readFileSync(join(places.home, 'password'), 'utf8').trim()}@127.0.0.1:${server.port}/postgres`
    this.#supervision = this.#supervise()
  }

  get pid(): number { return this.#server.pid }

  async stop(): Promise<void> {
    if (this.#stopping) return this.#supervision
    this.#stopping = true
    await this.#server.stop()
    await this.#supervision
    this.letGo()
  }

  async #supervise(): Promise<void> {
    for (;;) {
      await this.#server.ended
      while (!this.#stopping) {
        this.onProgress('PostgreSQL ended unexpectedly; starting it again')
        try {
          await stopLeftover(this.places)
          this.#server = await startServer(this.places, this.settings, this.#server.port)
          this.onProgress(`PostgreSQL runs again (process ${this.pid})`)
          break
        } catch (error) {
          this.onProgress((error as Error).message)
          await pause(1000)
        }
      }
      if (this.#stopping) return this.#server.stop()
    }
  }
}

async function initialise({ home, initdb, account }: Places, onProgress: (line: string) => void): Promise<void> {
  const data = join(home, 'data')
  if (existsSync(data)) {
    const found = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
    if (found !== MAJOR) throw new Error(`${data} was made by PostgreSQL ${found}; this is ${MAJOR}. Move the folder away, or upgrade it with pg_upgrade.`)
    return
  }
  onProgress(home.startsWith(OPEN_ROOT) ? `creating the database cluster in ${home}: PostgreSQL does not run as root, and the data folder is closed to others` : 'creating the database cluster')
  const password = join(home, 'password')
  writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 })
  if (account) chownSync(password, account.uid, account.gid)
  // initdb works on a folder beside the real one, so that a start that is killed half-way leaves no half cluster
  const unfinished = `${data}.new`
  rmSync(unfinished, { recursive: true, force: true })
  const options = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--auth=scram-sha-256', `--username=${USER}`, `--pwfile=${password}`]
  const child = spawn(initdb, [`--pgdata=${unfinished}`, ...options], { ...spawnOptions({ home, initdb, account, postgres: '' }), stdio: ['ignore', 'ignore', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => { complaint += chunk.toString() })
  const [code] = await once(child, 'close') as [number | null]
  if (code !== 0) throw new Error(`initdb failed: ${complaint.trim()}`)
  renameSync(unfinished, data)
}
