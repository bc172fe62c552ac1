import { newId } from '#kernel'
import type { Envelope } from '#messaging'

/** Envelope `n` of `key`; `n` counts from 1 within the key. */
export const envelope = (topic: string, key: string, n: number, body = Buffer.from(String(n))): Envelope =>
  ({ topic, key, headers: { ce_id: newId(), n: String(n) }, body })

/** `count` envelopes spread over `keys`, each key counting from 1. */
export const series = (topic: string, count: number, keys: number): Envelope[] =>
  Array.from({ length: count }, (_, i) => envelope(topic, `case-${i % keys}`, Math.floor(i / keys) + 1))

/** What came, and whether its rules held. */
export class Received {
  readonly all: Envelope[] = []

  take(batch: readonly Envelope[]): void { this.all.push(...batch) }

  get ids(): Set<string> { return new Set(this.all.map((e) => e.headers.ce_id!)) }

  /** Every way in which the order per key was broken: what comes for the first time must be the next of its key. */
  disorder(): string[] {
    const next = new Map<string, number>()
    const faults: string[] = []
    for (const { topic, key, headers } of this.all) {
      const place = `${topic} ${key}`
      const expected = next.get(place) ?? 1
      const n = Number(headers.n)
      if (n > expected) faults.push(`${place}: ${n} came before ${expected}`)
      if (n >= expected) next.set(place, n + 1)
    }
    return faults
  }

  missing(sent: readonly Envelope[]): string[] {
    const { ids } = this
    return sent.filter((e) => !ids.has(e.headers.ce_id!)).map(({ topic, key, headers }) => `${topic} ${key} ${headers.n}`)
  }
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  for (const end = Date.now() + withinMs; !await holds(); await new Promise((r) => setTimeout(r, 10))) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`)
  }
}
