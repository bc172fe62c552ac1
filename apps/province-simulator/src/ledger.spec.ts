import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { Ledger } from './ledger.js'

const folder = mkdtempSync(join(tmpdir(), 'tongqu-ledger-'))
afterAll(() => rmSync(folder, { recursive: true }))
const HOUR = 3_600_000
let n = 0
const file = (): string => join(folder, String(n++), 'ledger.jsonl')
const request = (id: string, readyAt = 0) => ({ id, province: '990000', exchange: 'medical-records.list', caseId: 'case', exchangeId: 'journey', answer: 'answers/list.json', malformed: false, readyAt })

describe('ledger of a pretend system', () => {
  it('is on disk before the answer, so that a killed process finds it again', async () => {
    const path = file()
    const killed = new Ledger(path, 0)
    await Promise.all([killed.effect(request('a')), killed.effect(request('b'))])
    await killed.again('again', '990000', 'a')
    await killed.again('query', '990000', 'b')
    // no close: this is what SIGKILL leaves, with half a line at the end
    appendFileSync(path, '{"t":"effect","entry":{"id":"c"')
    const next = new Ledger(path, 0)
    expect(next.of('990000').map(e => [e.id, e.order, e.effects, e.deliveries, e.queries])).toEqual([['a', 1, 1, 2, 0], ['b', 2, 1, 1, 1]])
    await next.effect(request('d'))
    expect(next.get('990000', 'd')).toMatchObject({ order: 3, answer: 'answers/list.json' })
    next.close()
    killed.close()
    expect(readFileSync(path, 'utf8')).not.toContain('"id":"c"')
  })

  it('counts a second effect of the same id: that is what a checker looks for', async () => {
    const ledger = new Ledger(file(), 0)
    await ledger.effect(request('a'))
    await ledger.effect(request('a'))
    expect(ledger.get('990000', 'a')).toMatchObject({ effects: 2, deliveries: 2 })
    ledger.close()
  })

  it('forgets at a start what lies hours back', async () => {
    const path = file()
    const first = new Ledger(path, 0)
    await first.effect(request('old', HOUR))
    await first.effect(request('new', 8 * HOUR))
    await first.again('again', '990000', 'old')
    first.close()
    const next = new Ledger(path, 9 * HOUR)
    expect(next.of('990000').map(e => e.id)).toEqual(['new'])
    next.close()
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(1)
  })
})
