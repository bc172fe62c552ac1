interface Bucket { tokens: number; atMs: number }

/** A token bucket for each participant: `ratePerSecond` in the long run, twice that at once. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()
  constructor(private readonly ratePerSecond: number) {}

  /** Takes one token; returns 0, or in how many whole seconds there is one again. */
  take(id: string, nowMs: number): number {
    const most = this.ratePerSecond * 2
    let bucket = this.#buckets.get(id)
    if (!bucket) this.#buckets.set(id, bucket = { tokens: most, atMs: nowMs })
    bucket.tokens = Math.min(most, bucket.tokens + Math.max(0, nowMs - bucket.atMs) / 1000 * this.ratePerSecond)
    bucket.atMs = nowMs
    if (bucket.tokens >= 1) { bucket.tokens--; return 0 }
    return Math.ceil((1 - bucket.tokens) / this.ratePerSecond)
  }
}
