import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { again, MemoryTransport, type Commit, type Store, type Transport } from '#messaging'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#persistence'
import { pipelineContract } from './pipeline-contract.js'
import { overriding, World } from './world.js'

jest.setTimeout(120_000)

const dir = mkdtempSync(join(tmpdir(), 'tongqu-contract-'))
chmodSync(dir, 0o755)
let postgres: EmbeddedPostgres
beforeAll(async () => { postgres = await startEmbeddedPostgres({ dataDir: dir }) })
afterAll(async () => { await postgres?.stop(); rmSync(dir, { recursive: true, force: true }) })

const memory = (): Transport => new MemoryTransport({ retryPauseMs: 5 })

pipelineContract('memory', memory, () => postgres.url, { transportDies: true })

describe('the checkers of the pipeline contract', () => {
  /** What they say about a process whose store is sabotaged. */
  const run = async (store: (store: Store) => Store, act = twelve): Promise<string[]> => {
    const world = await World.begin({ databaseUrl: postgres.url, transport: memory, store })
    try {
      await act(world)
      return await world.faults()
    } finally {
      await world.end()
    }
  }
  const twelve = async (world: World): Promise<void> => {
    await world.start()
    await world.send(world.messages(12, 3, false))
    await world.settle()
  }
  const sound = (store: Store): Store => store
  const committing = (change: (commit: Commit) => Partial<Commit>) => (store: Store): Store =>
    overriding(store, { commit: (commit) => store.commit({ ...commit, ...change(commit) }) })

  it('find no fault with a sound run', async () => {
    expect(await run(sound)).toEqual([])
  })

  it('see an effect twice when the inbox is skipped', async () => {
    const skipping = (store: Store): Store => overriding(committing(() => ({ inbox: [] }))(store), { known: async () => new Set() })
    const faults = await run(skipping, async (world) => {
      await twelve(world)
      const repeated = world.say('case-8', '1')
      world.expect([repeated])
      for (let i = 0; i < 2; i++) { await world.publish([repeated]); await sleep(100) }
    })
    expect(faults).toContain('effect of case-8: twice 1')
  })

  it('see an output that is lost when its row is dropped from the outbox and its process crashes', async () => {
    const faults = await run(committing(() => ({ outbox: [] })), async (world) => {
      const dead = await world.start(0, { at: 'committed', nth: 1 })
      const message = world.say('case-8', '1')
      world.expect([message])
      await world.publish([message])
      await world.recover(dead)
      await world.publish([again(message)])
      await sleep(300)
    })
    expect(faults).toEqual(['output of case-8: lost 1'])
  })

  it('see a state change that was not written', async () => {
    const faults = await run(committing(({ cases }) => ({ cases: cases.map((c) => c.caseId === 'case-2' ? { ...c, data: { seen: ['1'] } } : c) })))
    expect(faults).toEqual(['effect of case-2: lost 2 3 4'])
  })

  it('see an order that was not kept', async () => {
    const faults = await run(sound, async (world) => {
      await twelve(world)
      const [first, second] = [world.say('case-8', '1'), world.say('case-8', '2')]
      world.expect([first, second])
      await world.publish([second, first])
      await world.settle()
    })
    expect(faults).toEqual(['effect of case-8: out of order', 'output of case-8: out of order'])
  })

  it('see a fact that is missing from the evidence', async () => {
    const faults = await run(committing(({ evidence }) => ({ evidence: evidence.slice(1) })))
    expect(faults.some((text) => text.startsWith('evidence'))).toBe(true)
  })
})
