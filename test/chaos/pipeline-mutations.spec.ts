import { afterEach, describe, expect, it } from '@jest/globals'
import type { Commit, Envelope, Store } from '#messaging'
import { MemoryStore } from '#testing'
import { violations } from './checkers.js'
import { SmallSystem, type Carry, type Keeping } from './small-system.js'

const CASES = 4
const MESSAGES = 3
const ALL = CASES * MESSAGES

const closing: SmallSystem[] = []
afterEach(async () => { for (const system of closing.splice(0)) await system.close() })

/** A store in memory of which the service sees `change` instead. */
function keeping(change: (kept: MemoryStore) => Partial<Store> = () => ({})): Keeping {
  const kept = new MemoryStore()
  const changes = change(kept) as Record<string | symbol, unknown>
  const seen = new Proxy(kept, { get: (target, name) => {
    const value = changes[name] ?? Reflect.get(target, name) as unknown
    return typeof value === 'function' ? (value as (...args: never[]) => unknown).bind(target) : value
  } })
  return { kept, seen }
}
const committing = (edit: (c: Commit) => Partial<Commit>): Keeping => keeping(kept => ({ commit: c => kept.commit({ ...c, ...edit(c) }) }))

interface Play { readonly domain?: Keeping; readonly connector?: Keeping; readonly carry?: Carry; readonly order?: readonly number[] }

/** Cases with several messages each; all that travelled comes twice, and what is still open is emitted again. */
async function play({ domain = keeping(), connector = keeping(), carry, order = [1, 2, 3] }: Play): Promise<Record<string, string[]>> {
  const system = await new SmallSystem(domain, connector, carry).start()
  closing.push(system)
  for (const seq of order) for (let n = 0; n < CASES; n++) await system.ask(`case ${n}`, seq)
  await system.settled()
  await system.redeliver()
  await system.emitAgain()
  await system.settled()
  return violations(system.observe())
}

/** The last delivery of the first case. */
const isVictim = (e: Envelope): boolean => e.headers.ce_type === 'deliver' && e.headers.ce_subject === 'case 0' && (JSON.parse(e.body.toString()) as { seq: number }).seq === MESSAGES
/** A wire that loses it the first time. */
function loseOnce(): Carry {
  let lost = false
  return e => {
    if (lost || !isVictim(e)) return e
    lost = true
    return undefined
  }
}
/** A database that commits and is gone before it can say so, every third time. */
function silent(): Keeping {
  let commits = 0
  return keeping(kept => ({ commit: async c => {
    await kept.commit(c)
    if (++commits % 3 === 1) throw new Error('Connection terminated unexpectedly')
  } }))
}
const unnumbered: Carry = e => ({ ...e, headers: Object.fromEntries(Object.entries(e.headers).filter(([name]) => name !== 'tq_seq')) })

describe('the checkers over the real pipeline', () => {
  it('find nothing when it keeps its promises, though everything comes twice', async () => {
    expect(await play({})).toEqual({})
  })

  it('see what happens when the inbox is skipped', async () => {
    const found = await play({ connector: committing(() => ({ inbox: [] })) })
    expect(found['nothing takes effect twice']).toHaveLength(ALL)
  })

  it('see a domain that skips its inbox, though the numbers of a case still hold the repeats off', async () => {
    const found = await play({ domain: committing(() => ({ inbox: [] })) })
    expect(found['the order of a case is kept']).toHaveLength(ALL)
  })

  it('find nothing when the wire loses a message: the outbox still has it', async () => {
    expect(await play({ carry: loseOnce() })).toEqual({})
  })

  it('see a dropped outbox row: what the wire loses then is lost, and its exchange never ends', async () => {
    const found = await play({ domain: committing(c => ({ outbox: c.outbox.filter(e => !isVictim(e)) })), carry: loseOnce() })
    expect(found['every accepted exchange ends once']).toEqual([expect.stringMatching(/is OPEN$/)])
  })

  it('find nothing when the answers to commits are lost: what was committed is not forgotten', async () => {
    expect(await play({ domain: silent(), connector: silent() })).toEqual({})
  })

  it('see an effect that is never marked as done', async () => {
    const found = await play({ connector: committing(() => ({ doneEffects: [] })) })
    expect(found['nothing is left over']).toEqual([`${ALL} left in connector.effect`])
  })

  it('see a dropped evidence row', async () => {
    const found = await play({ domain: committing(c => ({ evidence: c.evidence.filter(e => e.n !== 5) })) })
    expect(found['the evidence is whole']).toEqual(['chain domain#0 has a gap at row 6'])
  })

  it('find nothing when messages of a case overtake each other', async () => {
    expect(await play({ order: [3, 1, 2] })).toEqual({})
  })

  it('see that they take effect as they come when they carry no numbers', async () => {
    const found = await play({ order: [3, 1, 2], carry: unnumbered })
    expect(found['the order of a case is kept']).toContain('the domain took message 1 of case case 0 after message 3')
  })
})
