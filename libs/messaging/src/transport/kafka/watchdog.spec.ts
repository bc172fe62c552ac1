import { describe, expect, it } from '@jest/globals'
import { Watchdog, type Watched } from './watchdog.js'
import type { Backlog } from './topics.js'

const STALL_MS = 1000

class Consumer implements Watched {
  taken = 0
  aliveAt = 0
  positions = new Map<string, bigint>()
  assigned = new Set(['t/0', 't/1'])
  broken: string | undefined
  break(why: string): void { this.broken = why }
}

/** Looks at the instants given; `before` changes the consumer or the backlog first. */
async function watch(consumer: Consumer, backlog: Map<string, Backlog>, instantsMs: number[], before: (atMs: number) => void = () => {}): Promise<string | undefined> {
  const watchdog = new Watchdog(consumer, STALL_MS, async () => backlog)
  watchdog.stop()
  for (const atMs of instantsMs) {
    consumer.aliveAt = atMs
    before(atMs)
    await watchdog.look(atMs)
  }
  return consumer.broken
}

const backlog = (next: number, end: number, name = 't/0'): Map<string, Backlog> => new Map([[name, { next: BigInt(next), end: BigInt(end) }]])

describe('watchdog of a consumer', () => {
  it('breaks off a consumer whose lag does not move', async () => {
    expect(await watch(new Consumer(), backlog(5, 9), [0, 500, 1000])).toBe('lag without progress on t/0')
  })

  it('gives it the whole time', async () => {
    expect(await watch(new Consumer(), backlog(5, 9), [0, 500, 999])).toBeUndefined()
  })

  it('sees one stuck partition beside one that moves', async () => {
    const consumer = new Consumer()
    const both = new Map([...backlog(5, 9), ...backlog(0, 100, 't/1')])
    expect(await watch(consumer, both, [0, 500, 1000], (atMs) => consumer.positions.set('t/1', BigInt(atMs / 100 + 1)))).toBe('lag without progress on t/0')
  })

  it('leaves one alone that moves, has nothing to do, or owns nothing that waits', async () => {
    const moving = new Consumer()
    expect(await watch(moving, backlog(0, 100), [0, 500, 1000, 1500], (atMs) => moving.positions.set('t/0', BigInt(atMs / 500)))).toBeUndefined()
    expect(await watch(new Consumer(), backlog(9, 9), [0, 500, 1000, 1500])).toBeUndefined()
    expect(await watch(new Consumer(), backlog(0, 9, 't/7'), [0, 500, 1000, 1500])).toBeUndefined()
  })

  it('breaks off a consumer that owns nothing of what waits, when nobody moves it for twice the time', async () => {
    expect(await watch(new Consumer(), backlog(0, 9, 't/7'), [0, 1000, 2000])).toBe('lag without progress on t/7')
  })

  it('takes what is in effect but not yet committed for progress', async () => {
    const consumer = new Consumer()
    consumer.positions.set('t/0', 9n)
    expect(await watch(consumer, backlog(5, 9), [0, 500, 1000])).toBeUndefined()
  })

  it('waits for a handler at work, and begins anew after it', async () => {
    const consumer = new Consumer()
    expect(await watch(consumer, backlog(5, 9), [0, 500, 1000, 1500, 2000], (atMs) => { consumer.taken = atMs === 1000 ? 3 : 0 })).toBeUndefined()
  })

  it('breaks off a consumer that gives no sign of life', async () => {
    const consumer = new Consumer()
    const watchdog = new Watchdog(consumer, STALL_MS, async () => new Map())
    watchdog.stop()
    await watchdog.look(999)
    expect(consumer.broken).toBeUndefined()
    await watchdog.look(1000)
    expect(consumer.broken).toBe('no sign of life')
  })

  it('judges nothing while the broker does not answer', async () => {
    const consumer = new Consumer()
    const watchdog = new Watchdog(consumer, STALL_MS, async () => { throw new Error('away') })
    watchdog.stop()
    for (const atMs of [0, 500, 1000, 1500]) { consumer.aliveAt = atMs; await watchdog.look(atMs) }
    expect(consumer.broken).toBeUndefined()
  })
})
