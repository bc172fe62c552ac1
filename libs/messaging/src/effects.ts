import { childId } from '#kernel'
import type { Logger } from '#observability'
import type { Item } from './item.js'
import type { Step } from './message.js'
import type { PendingEffect } from './store/store.js'

/**
 * Does the work of an effect outside the database. What it resolves with is the body of a local message `<service>.<what>.done`.
 * It resolves for every outcome that the business knows (answered, timed out, refused); a rejection is a fault of our own and is tried again.
 */
export interface EffectPerformer { perform(effect: PendingEffect, signal: AbortSignal): Promise<unknown> }

interface Lane { running: number; readonly queue: (() => void)[] }

/** Runs effects: at most `limitOf(lane)` of a lane at once, those with the same key one after the other, in the order they were started. */
export class EffectLanes {
  readonly #lanes = new Map<string, Lane>()
  readonly #tails = new Map<string, Promise<void>>()
  readonly #abort = new AbortController()
  #open = 0
  #idle: PromiseWithResolvers<void> | undefined

  constructor(private readonly service: string, private readonly performer: EffectPerformer, private readonly limitOf: (lane: string) => number, private readonly logger: Logger) {}

  get open(): number { return this.#open }
  inFlight(lane: string): number { return this.#lanes.get(lane)?.running ?? 0 }

  start(effect: PendingEffect, submit: (item: Item) => Promise<void>): void {
    const chain = `${effect.lane}\0${effect.key}`
    this.#open++
    const before = this.#tails.get(chain)
    const run = before ? before.then(() => this.#run(effect, submit)) : this.#run(effect, submit)
    this.#tails.set(chain, run)
    void run.finally(() => {
      if (this.#tails.get(chain) === run) this.#tails.delete(chain)
      if (--this.#open === 0) this.#idle?.resolve()
    })
  }

  /** Waits for what is under way up to `ms`, then gives it up; it is resumed by the next start. */
  async close(ms: number): Promise<void> {
    if (this.#open) {
      this.#idle = Promise.withResolvers<void>()
      const timer = setTimeout(() => { this.#abort.abort(); this.#idle?.resolve() }, ms)
      await this.#idle.promise
      clearTimeout(timer)
    }
    this.#abort.abort()
  }

  async #run(effect: PendingEffect, submit: (item: Item) => Promise<void>): Promise<void> {
    const lane = this.#lanes.get(effect.lane) ?? { running: 0, queue: [] }
    this.#lanes.set(effect.lane, lane)
    if (lane.running >= this.limitOf(effect.lane)) await new Promise<void>(ok => lane.queue.push(ok))
    else lane.running++
    try {
      await this.#perform(effect, submit)
    } finally {
      // the place goes to the next in line, or is free again
      const next = lane.queue.shift()
      if (next) next()
      else lane.running--
    }
  }

  async #perform(effect: PendingEffect, submit: (item: Item) => Promise<void>): Promise<void> {
    let done: Item | undefined
    for (let attempt = effect.attempt; !this.#abort.signal.aborted; attempt++) {
      try {
        // what it gave is kept when it cannot be recorded at once: the work is not done again for that
        done ??= doneItem(this.service, effect, await this.performer.perform({ ...effect, attempt }, this.#abort.signal))
        await submit(done)
        return
      } catch (error) {
        if (this.#abort.signal.aborted) return
        this.logger.warn({ effect: effect.id, lane: effect.lane, attempt, error: (error as Error).name }, done ? 'what an effect gave is not recorded, tried again' : 'effect failed, tried again')
        await new Promise<void>(ok => { const t = setTimeout(ok, Math.min(30_000, 200 * 2 ** attempt)); this.#abort.signal.addEventListener('abort', () => { clearTimeout(t); ok() }, { once: true }) })
      }
    }
  }
}

function doneItem(service: string, effect: PendingEffect, body: unknown): Item {
  return {
    origin: { kind: 'local', doneEffect: effect.id },
    message: {
      id: childId(effect.id, 'done'), type: `${service}.${effect.what}.done`, source: service, caseId: effect.caseId, key: effect.key, topic: 'local', exchangeId: effect.exchangeId,
      time: new Date().toISOString(), deadline: effect.deadline, attempt: 0, traceparent: effect.traceparent, versions: {},
      trail: effect.trail ? JSON.parse(effect.trail) as Step[] : [], body: Buffer.from(JSON.stringify(body)),
    },
  }
}
