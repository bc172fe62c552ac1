import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { choosePort } from './ports.js'
import { readSettings } from './read-settings.js'

describe('choosePort', () => {
  let other: Server
  let taken: number
  beforeEach(async () => {
    other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    taken = (other.address() as AddressInfo).port
  })
  afterEach(() => { other.close() })
  const settings = readSettings({ TONGQU_DATA_KEY: Buffer.alloc(32).toString('base64') })

  it('says who has the port that was asked for, and the way out', async () => {
    await expect(choosePort({ ...settings, port: taken, portGiven: true }, () => undefined)).rejects
      .toThrow(new RegExp(`^Port ${taken} is taken by .*${process.platform === 'linux' ? `process ${process.pid}` : 'program'}.*PORT`))
  })

  it('takes the next free one when none was asked for, and says so', async () => {
    const lines: string[] = []
    const port = await choosePort({ ...settings, port: taken, portGiven: false }, line => lines.push(line))
    expect(port).toBeGreaterThan(taken)
    expect(lines).toEqual([expect.stringContaining(`takes ${port}`)])
  })

  it('takes any free one for 0', async () => {
    expect(await choosePort({ ...settings, port: 0, portGiven: true }, () => undefined)).toBeGreaterThan(0)
  })
})
