import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import { operation, type Store, type Transport } from '#messaging'
import { until } from './envelopes.js'
import { overriding, World, type CrashPoint, type WorldOptions } from './world.js'

const CRASH_POINTS: readonly CrashPoint[] = ['taken', 'decided', 'committed', 'handed']

/** What the pipeline promises over any transport and a real PostgreSQL. */
export function pipelineContract(name: string, transport: () => Transport, databaseUrl: () => string, { transportDies = false } = {}): void {
  describe(`the pipeline over ${name}`, () => {
    jest.setTimeout(120_000)
    const worlds: World[] = []
    const begin = async (options: Partial<WorldOptions> = {}): Promise<World> => {
      const world = await World.begin({ databaseUrl: databaseUrl(), transport, transportDies, ...options })
      worlds.push(world)
      return world
    }
    afterEach(async () => { await Promise.all(worlds.splice(0).map((world) => world.end())) })

    it('is in effect once and in order, however often messages come', async () => {
      const world = await begin()
      await world.start()
      const messages = world.messages(600, 17)
      await world.send(messages, 40)
      for (let i = 0; i < 600; i += 60) await world.publish(messages.slice(Math.max(0, i - 90), i + 60))
      await world.settle()
      await sleep(300)
      expect(await world.faults()).toEqual([])
    })

    it('keeps all of it while the database refuses every third batch', async () => {
      let commits = 0
      const refusing = (store: Store): Store => overriding(store, {
        commit: (commit) => ++commits % 3 === 0 ? Promise.reject(new Error('the database is away')) : store.commit(commit),
      })
      const world = await begin({ store: refusing })
      await world.start()
      await world.send(world.messages(400, 13), 20, 5)
      await world.settle()
      expect(await world.faults()).toEqual([])
      expect(commits).toBeGreaterThan(3)
    })

    for (const at of CRASH_POINTS) {
      it(`loses nothing and does nothing twice when it crashes right after "${at}"`, async () => {
        const world = await begin()
        const dead = await world.start(0, { at, nth: 3 })
        const sending = world.send(world.messages(300, 11), 10, 5)
        const next = await world.recover(dead)
        await sending
        await world.settle()
        expect(await world.faults()).toEqual([])
        expect(next).not.toBe(dead)
      })
    }

    it('shares the work between two processes; when one crashes the other takes over', async () => {
      const world = await begin()
      const dead = await world.start(0, { at: 'committed', nth: 4 })
      await world.start(1)
      const sending = world.send(world.messages(600, 19), 10, 5)
      await Promise.all([sending, dead.gone])
      await world.settle()
      // what the dead one had committed and not yet handed on is said when it is asked for again, behind what the other has said since
      const late = /^output of case-\d+: out of order$/
      expect((await world.faults()).filter((fault) => !late.test(fault))).toEqual([])
    })

    it('lets a poison message stall its case alone, and after the replay the rest in order', async () => {
      const world = await begin()
      await world.start()
      world.poison.add('bad')
      const blocked = [world.say('blocked', 'bad', 1), world.say('blocked', '2', 2), world.say('blocked', '3', 3)]
      const others = world.messages(100, 5)
      await world.send([...blocked, ...others])
      await world.settle(others)
      const id = blocked[0]!.headers.ce_id!
      await until('the dead letter lies there', async () => (await world.store.deadLetter(id))?.status === 'OPEN')
      expect(await world.store.deadLetter(id)).toMatchObject({ code: 'FIELD_INVALID', caseId: 'blocked', faults: [{ pointer: '/text' }] })
      expect(world.told.some(({ key }) => key === 'blocked')).toBe(false)
      world.poison.clear()
      await world.publish([operation('ops.replay', 'gateway', `tongqu.ops.${world.name}`, { deadLetterId: id, by: 'operator' })])
      await until('the rest came out', () => world.told.filter(({ key }) => key === 'blocked').length === 3)
      expect((await world.history()).seen.get('blocked')).toEqual(['bad', '2', '3'])
      expect((await world.store.deadLetter(id))?.status).toBe('REPLAYED')
    })

    it('retries a passing failure in the lane of its case while others flow', async () => {
      const world = await begin()
      await world.start()
      world.transient.add('later')
      const waiting = [world.say('waiting', 'later', 1), world.say('waiting', '2', 2)]
      const others = world.messages(100, 5)
      await world.send([...waiting, ...others])
      await world.settle(others)
      expect(world.told.some(({ key }) => key === 'waiting')).toBe(false)
      world.transient.clear()
      await until('the waiting ones came out', () => world.told.filter(({ key }) => key === 'waiting').length === 2)
      expect(await world.faults()).toEqual([])
    })

    it('holds back what it cannot commit yet, and catches up', async () => {
      const world = await begin()
      const { service } = await world.start()
      world.commitMs = 100
      let [most, lag] = [0, 0]
      const watch = setInterval(() => { most = Math.max(most, service!.pipeline.waiting); lag = Math.max(lag, service!.lag) }, 5)
      const sending = world.send(world.messages(6000, 50), 500)
      await until('it lags', () => lag > 500)
      world.commitMs = 0
      await sending
      await world.settle()
      clearInterval(watch)
      // one batch of the transport is in the pipeline at a time; the rest waits outside
      expect(most).toBeLessThanOrEqual(500)
      await until('nothing waits', () => service!.lag === 0)
      expect(await world.faults()).toEqual([])
    })

    it('is not slowed down by a slow reader of its outputs', async () => {
      const world = await begin()
      await world.start()
      world.readMs = 3000
      const messages = world.messages(200, 10)
      await world.send(messages)
      const done = async (): Promise<boolean> => [...(await world.history()).seen.values()].reduce((n, seen) => n + seen.length, 0) === messages.length
      await until('all is in effect', done, 10_000)
      expect(world.told.length).toBeLessThan(messages.length)
      world.readMs = 0
      await world.settle()
      expect(await world.faults()).toEqual([])
    })
  })
}
