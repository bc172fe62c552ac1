import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from '@jest/globals'
import { HEALTH_PATHS, nodeArguments, projectFolder } from '#runtime'

const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
afterAll(() => rmSync(dataDir, { recursive: true }))

interface Run { readonly child: ChildProcess; readonly url: string | undefined; readonly lines: readonly string[]; readonly exit: Promise<number | null>; complaint(): string }

/** `npm start` without its story, until it is ready or has ended. */
async function start(env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = spawn(process.execPath, nodeArguments('apps/all-in-one/src/main'), { cwd: projectFolder(), env: { ...inherited(), PORT: '0', TONGQU_DATA_DIR: dataDir, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  let complaint = ''
  child.stderr.on('data', chunk => { complaint += chunk })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) { lines.push(line); if (line.startsWith('Ready: ')) break }
  child.stdout.resume()
  return { child, exit, lines, url: /^Ready: (\S+)/.exec(lines.at(-1) ?? '')?.[1], complaint: () => complaint }
}
const inherited = (): Record<string, string | undefined> => Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TONGQU_|KAFKA_|DATABASE_|PORT$|HOST$)/.test(name)))
const databaseOf = (run: Run): number => Number(/process (\d+)/.exec(run.lines.find(line => line.includes('PostgreSQL runs')) ?? '')?.[1])
const isRunning = (pid: number): boolean => { try { return process.kill(pid, 0) } catch { return false } }

async function residentMb(pid: number): Promise<number> {
  // at rest: what the start left behind is gone
  await pause(1000)
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

describe('the embedded system', () => {
  it('starts, serves, stays small, ends on Ctrl-C with nothing left, and starts again', async () => {
    for (const times of [1, 2]) {
      const run = await start()
      expect(run.lines.slice(0, -1).every(line => /^ *\d+\.\d s {2}\S/.test(line))).toBe(true)
      expect(run.lines.some(line => line.includes('creating the database cluster'))).toBe(times === 1)
      expect((await fetch(`${run.url}${HEALTH_PATHS.ready}`)).status).toBe(200)
      if (process.platform === 'linux') expect(await residentMb(run.child.pid!)).toBeLessThan(350)
      run.child.kill('SIGINT')
      expect([await run.exit, run.complaint()]).toEqual([0, ''])
      expect(isRunning(databaseOf(run))).toBe(false)
    }
  }, 60_000)

  it('says who has the port that was asked for, and the way out', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const run = await start({ PORT: String(port) })
    other.close()
    expect(await run.exit).toBe(1)
    expect(run.complaint()).toMatch(new RegExp(`^Port ${port} is taken by .*set PORT to another port \\(0: any free port\\)\\.\n$`))
  }, 30_000)

  it('says who uses the data folder when a second one starts on it', async () => {
    const first = await start({ TONGQU_DATA_DIR: `${dataDir}/two` })
    const second = await start({ TONGQU_DATA_DIR: `${dataDir}/two` })
    expect(await second.exit).toBe(1)
    expect(second.complaint()).toMatch(new RegExp(`in use by process ${first.child.pid} .*TONGQU_DATA_DIR`))
    expect((await fetch(`${first.url}${HEALTH_PATHS.live}`)).status).toBe(200)
    first.child.kill('SIGTERM')
    expect(await first.exit).toBe(0)
  }, 60_000)
})
