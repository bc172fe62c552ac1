import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { program } from '../program.js'

interface Received { url: string; headers: IncomingHttpHeaders; body: Buffer }

describe('tongqu send', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tongqu-'))
  const received: Received[] = []
  let server: Server
  let url: string
  let answer: { status: number; headers: Record<string, string>; body: string }

  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
        received.push({ url: request.url!, headers: request.headers, body: Buffer.concat(parts) })
        response.writeHead(answer.status, answer.headers).end(answer.body)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    writeFileSync(join(folder, 'query.csv'), Buffer.from([0xd0, 0xd5]))
    writeFileSync(join(folder, 'query.headers.yaml'), "Tongqu-Purpose: 'TREAT'\nTongqu-Targets: '330000,350000'\n")
  })
  afterAll(() => { server.close(); rmSync(folder, { recursive: true }) })
  afterEach(() => { received.length = 0; process.exitCode = undefined; jest.restoreAllMocks() })

  const lines = (): string[] => {
    const said: string[] = []
    jest.spyOn(console, 'log').mockImplementation(text => { said.push(String(text)) })
    jest.spyOn(console, 'error').mockImplementation(() => undefined)
    return said
  }
  const send = (...more: string[]) => program().parseAsync(['send', join(folder, 'query.csv'), '--exchange', 'medical-records.discover', '--url', url, '--key', 'tq_k', ...more], { from: 'user' })
  const id = '0193c0de-0000-7000-8000-000000000001'

  it('sends the bytes untouched, with the headers that lie beside them and those that were told', async () => {
    answer = { status: 200, headers: { 'content-type': 'text/csv; charset=GB18030', 'content-location': `/v1/exchanges/${id}` }, body: 'SFWZ' }
    const said = lines()
    await send('--wait', '5', '--case', id, '-H', 'Tongqu-Targets: 330000', '--json')
    expect(received[0]).toMatchObject({
      url: '/v1/exchanges/medical-records/discover', body: Buffer.from([0xd0, 0xd5]),
      headers: { authorization: 'Bearer tq_k', 'content-type': 'text/csv; charset=GB18030', prefer: 'wait=5', 'tongqu-purpose': 'TREAT', 'tongqu-targets': '330000', 'tongqu-case': id },
    })
    expect(JSON.parse(said.join('\n'))).toMatchObject({ status: 200, exchange: id, reply: 'SFWZ' })
  })

  it('fails with all faults when the gateway refuses, and when a wait ends without a reply', async () => {
    answer = { status: 422, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify({ title: 'no', status: 422, code: 'PURPOSE_MISSING', faults: [{ code: 'PURPOSE_MISSING', pointer: 'Tongqu-Purpose', zh: '缺', en: 'missing' }] }) }
    await expect(send()).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining('Tongqu-Purpose') })
    answer = { status: 202, headers: { 'content-type': 'application/json', location: `/v1/exchanges/${id}` }, body: '{}' }
    lines()
    await send('--wait', '1')
    expect(process.exitCode).toBe(1)
  })

  it('is wrong use without a dialect, a readable file or a name of an exchange', async () => {
    const wrong = (file: string, exchange: string) => program().parseAsync(['send', file, '--exchange', exchange, '--url', url, '--key', 'tq_k'], { from: 'user' })
    await expect(wrong(join(folder, 'none.csv'), 'medical-records.discover')).rejects.toMatchObject({ exitCode: 2 })
    await expect(wrong(join(folder, 'query.csv'), 'discover')).rejects.toMatchObject({ exitCode: 2 })
    writeFileSync(join(folder, 'query.dat'), 'x')
    await expect(wrong(join(folder, 'query.dat'), 'medical-records.discover')).rejects.toMatchObject({ exitCode: 2, more: { wayOut: expect.stringContaining('--type') } })
    expect(received).toEqual([])
  })

  it('says that nobody is there, as unreachable', async () => {
    await expect(program().parseAsync(['send', join(folder, 'query.csv'), '--exchange', 'a.b', '--url', 'http://127.0.0.1:1', '--key', 'k'], { from: 'user' })).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining('cannot be reached') })
  })
})
