import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { canUse, serverAccount } from './account.js'
import { startEmbeddedPostgres } from './embedded-postgres.js'
import { nativeFolder, OPEN_ROOT, openNative } from './places.js'
import { isAlive } from './processes.js'

const isRoot = process.getuid?.() === 0
const scratch = mkdtempSync(join(tmpdir(), 'tongqu-'))
chmodSync(scratch, 0o755)
let folders = 0
const newFolder = (): string => join(scratch, String(++folders))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try { return (await client.query(sql)).rows } finally { await client.end() }
}

async function within(ms: number, what: string, test: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + ms; !await test();) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`)
    await pause(50)
  }
}

const project = join(dirname(fileURLToPath(import.meta.url)), '../../../..')

/** A process of its own that starts a server on `dataDir` and stays. */
async function otherProcess(dataDir: string, options: { uid?: number; gid?: number } = {}): Promise<{ child: ChildProcess; pid: number; url: string }> {
  const code = `import { startEmbeddedPostgres } from '#persistence'
    const { pid, url } = await startEmbeddedPostgres({ dataDir: process.argv[1] })
    process.send({ pid, url })
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--conditions=tongqu', '--import', './libs/runtime/typescript.mjs', '--input-type=module', '-e', code, dataDir], { cwd: project, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], ...options })
  const [started] = await Promise.race([once(child, 'message'), once(child, 'exit').then(([exit]) => { throw new Error(`exit code ${exit}`) })]) as [{ pid: number; url: string }]
  return { child, ...started }
}

const parentOf = (pid: number): number => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

describe('the embedded PostgreSQL', () => {
  it('keeps its data from one start to the next, durably, and leaves nothing running', async () => {
    const dataDir = newFolder()
    const lines: string[] = []
    const first = await startEmbeddedPostgres({ dataDir, onProgress: line => lines.push(line) })
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n')
    const settings = await query(first.url, 'SELECT current_setting(\'server_version_num\')::int / 10000 AS major, current_setting(\'fsync\') AS fsync, current_setting(\'synchronous_commit\') AS commit')
    expect(settings).toEqual([{ major: 18, fsync: 'on', commit: 'on' }])
    await first.stop()
    expect(isAlive(first.pid)).toBe(false)
    const second = await startEmbeddedPostgres({ dataDir, onProgress: line => lines.push(line) })
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
    await second.stop()
    expect(lines).toEqual(['creating the database cluster'])
  }, 30_000)

  it('lets nobody in without the password', async () => {
    const server = await startEmbeddedPostgres({ dataDir: newFolder() })
    const stranger = new URL(server.url)
    stranger.password = 'wrong'
    await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow('password authentication failed')
    await server.stop()
  }, 30_000)

  it('says who holds the data folder, and the way out', async () => {
    const dataDir = newFolder()
    const starts = await Promise.allSettled([startEmbeddedPostgres({ dataDir }), startEmbeddedPostgres({ dataDir })])
    const refused = starts.find(start => start.status === 'rejected')
    expect(String(refused?.reason)).toMatch(new RegExp(`in use by process ${process.pid} since .*TONGQU_DATA_DIR`))
    for (const start of starts) if (start.status === 'fulfilled') await start.value.stop()
  }, 30_000)

  it('comes back on its port with everything that was committed when it is killed', async () => {
    const server = await startEmbeddedPostgres({ dataDir: newFolder() })
    await query(server.url, 'CREATE TABLE kept AS SELECT 1 AS n')
    const killed = server.pid
    process.kill(killed, 'SIGKILL')
    await within(10_000, 'a new server', () => query(server.url, 'SELECT n FROM kept').then(rows => rows.length === 1, () => false))
    expect(server.pid).not.toBe(killed)
    await server.stop()
    expect(isAlive(server.pid)).toBe(false)
  }, 30_000)

  it('is stopped within 5 s when the process that started it is killed, open transactions or not', async () => {
    const { child, pid, url } = await otherProcess(newFolder())
    const client = new pg.Client(url)
    client.on('error', () => undefined)
    await client.connect()
    await client.query('BEGIN')
    child.kill('SIGKILL')
    await within(5_000, 'the server is gone', () => !isAlive(pid))
  }, 30_000)

  it('stops what a killed start left over, guard and all, and starts anew with its data', async () => {
    const dataDir = newFolder()
    const { child, pid, url } = await otherProcess(dataDir)
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS n')
    const ended = once(child, 'exit')
    process.kill(parentOf(pid), 'SIGKILL')
    child.kill('SIGKILL')
    await ended
    const lines: string[] = []
    const server = await startEmbeddedPostgres({ dataDir, onProgress: line => lines.push(line) })
    expect(isAlive(pid)).toBe(false)
    expect(await query(server.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
    await server.stop()
  }, 30_000)

  it('works for an ordinary user whose home is closed to all others', async () => {
    const home = newFolder()
    mkdirSync(home, { mode: 0o700 })
    const account = serverAccount(home)
    const usable = account && canUse(account, fileURLToPath(import.meta.url)) ? account : undefined
    if (usable) chownSync(home, usable.uid, usable.gid)
    const { child, pid } = await otherProcess(join(home, 'clone/.tongqu'), usable)
    expect(statSync(`/proc/${pid}`).uid).toBe(statSync(home).uid || account?.uid)
    child.kill('SIGKILL')
    await within(5_000, 'the server is gone', () => !isAlive(pid))
  }, 30_000)

  it('works below a closed folder, as root by way of a folder that the unprivileged server can enter', async () => {
    const closed = newFolder()
    mkdirSync(closed, { mode: 0o700 })
    const dataDir = join(closed, '.tongqu')
    const first = await startEmbeddedPostgres({ dataDir })
    const home = realpathSync(join(dataDir, 'postgres'))
    try {
      expect(dirname(home)).toBe(isRoot ? OPEN_ROOT : dataDir)
      await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n')
      await first.stop()
      const second = await startEmbeddedPostgres({ dataDir })
      expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }])
      await second.stop()
    } finally { rmSync(home, { recursive: true }) }
  }, 30_000)

  it('copies binaries that its account cannot reach, once', () => {
    const closed = newFolder()
    mkdirSync(closed, { mode: 0o700 })
    cpSync(dirname(nativeFolder()), join(closed, 'package'), { recursive: true, verbatimSymlinks: true })
    const account = serverAccount(closed)
    const native = openNative(join(closed, 'package/native'), account)
    if (account) expect(canUse(account, join(native, 'bin/postgres'))).toBe(true)
    else expect(native).toBe(join(closed, 'package/native'))
    const { ino } = statSync(native)
    expect(statSync(openNative(join(closed, 'package/native'), account)).ino).toBe(ino)
  })
})
