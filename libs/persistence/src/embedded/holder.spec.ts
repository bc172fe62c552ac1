import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { hold } from './holder.js'

const folder = mkdtempSync(join(tmpdir(), 'tongqu-'))
const file = join(folder, 'holder')
afterAll(() => rmSync(folder, { recursive: true }))

describe('hold', () => {
  it('lets one in, the next when that one has let go', () => {
    const letGo = hold(file, folder)
    expect(() => hold(file, folder)).toThrow(`${folder} is in use by process ${process.pid}`)
    letGo()
    hold(file, folder)()
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    ['a process that is gone', { pid: 2 ** 30, mark: '1', since: '2026-01-01T00:00:00.000Z' }],
    ['an earlier process of the same id', { pid: process.pid, mark: '0', since: '2026-01-01T00:00:00.000Z' }],
    ['an unfinished write', ''],
  ])('takes over from %s', (_who, left) => {
    writeFileSync(file, JSON.stringify(left))
    hold(file, folder)()
  })
})
