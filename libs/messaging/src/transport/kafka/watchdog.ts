import type { Backlog } from './topics.js'

/** What is watched. */
export interface Watched {
  readonly taken: number
  readonly aliveAt: number
  /** Next offset after what is in effect, by partition. */
  readonly positions: ReadonlyMap<string, bigint>
  readonly assigned: ReadonlySet<string>
  break(why: string): void
}

/**
 * kafkajs may stop fetching without an error. Twice in `stallMs` it is asked whether the consumer still speaks with the broker and
 * whether a partition with waiting messages has moved; if neither for `stallMs` (twice that for partitions the group did not give it), the
 * consumer is broken off. A handler at work is no stall.
 */
export class Watchdog {
  readonly #timer: NodeJS.Timeout
  #stuck = new Map<string, { readonly next: bigint; readonly sinceMs: number }>()
  #asking = false

  constructor(private readonly watched: Watched, private readonly stallMs: number, private readonly backlog: () => Promise<ReadonlyMap<string, Backlog>>) {
    this.#timer = setInterval(() => void this.look(), stallMs / 2)
  }

  stop(): void { clearInterval(this.#timer) }

  /** One look; public for tests with a clock of their own. */
  async look(nowMs = Date.now()): Promise<void> {
    if (this.watched.taken > 0) { this.#stuck.clear(); return }
    if (nowMs - this.watched.aliveAt >= this.stallMs) { this.watched.break('no sign of life'); return }
    if (this.#asking) return
    this.#asking = true
    try {
      this.#compare(await this.backlog(), nowMs)
    } catch {
      // the broker is away: the connections tell
    } finally {
      this.#asking = false
    }
  }

  #compare(backlog: ReadonlyMap<string, Backlog>, nowMs: number): void {
    const stuck = new Map<string, { next: bigint; sinceMs: number }>()
    for (const name of new Set([...this.watched.assigned, ...backlog.keys()])) {
      // nobody's: a group that was dealt before the broker told of all partitions leaves some out; another member's: it gets twice the time
      const patienceMs = this.watched.assigned.has(name) ? this.stallMs : 2 * this.stallMs
      const { next: committed, end } = backlog.get(name) ?? { next: 0n, end: 0n }
      const position = this.watched.positions.get(name) ?? 0n
      const next = position > committed ? position : committed
      if (end <= next) continue
      const before = this.#stuck.get(name)
      const sinceMs = before?.next === next ? before.sinceMs : nowMs
      if (nowMs - sinceMs >= patienceMs) { this.watched.break(`lag without progress on ${name}`); return }
      stuck.set(name, { next, sinceMs })
    }
    this.#stuck = stuck
  }
}
