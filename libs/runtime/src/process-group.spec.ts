import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, describe, expect, it } from '@jest/globals'
import { freePort } from './ports.js'
import { startProcesses } from './process-group.js'

const dataDir = mkdtempSync(join(tmpdir(), 'tongqu-'))
afterAll(() => rmSync(dataDir, { recursive: true }))

/** The one app that needs neither a database nor a broker. */
const APP = 'province-simulator'

async function group(env: Readonly<Record<string, string>>, lines: string[] = []) {
  return startProcesses({ apps: [APP], env: () => ({ TONGQU_DATA_DIR: dataDir, TONGQU_OPS_PORT: '0', ...env }), logDir: join(dataDir, 'logs'), onProgress: line => lines.push(line) })
}

describe('startProcesses', () => {
  it('starts an app that was killed again, at its old address, and stops it when asked', async () => {
    const port = await freePort()
    const lines: string[] = []
    const running = await group({ TONGQU_SIMULATOR_PORT: String(port) }, lines)
    const app = running.processes.get(APP)!
    const { url, pid } = app
    expect(url).toBe(`http://127.0.0.1:${port}`)
    process.kill(pid!, 'SIGKILL')
    for (const end = Date.now() + 15_000; !lines.includes(`${APP} is ready again`) && Date.now() < end;) await pause(50)
    expect({ url: app.url, restarts: app.restarts }).toEqual({ url, restarts: 1 })
    expect(app.pid).not.toBe(pid)
    await fetch(url)
    await running.stop()
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  }, 60_000)

  it('tells why an app did not start, from its log', async () => {
    await expect(group({ TONGQU_RATE: 'fast' })).rejects.toThrow(/province-simulator did not start \(exit code 1\).*\n.*\n {2}TONGQU_RATE must be a whole number/)
    expect(readFileSync(join(dataDir, `logs/${APP}.log`), 'utf8')).toContain('TONGQU_RATE')
  }, 30_000)
})
