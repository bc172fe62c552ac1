export interface RetryLimits { readonly attempts: number; readonly baseMs: number; readonly maxMs: number }

/**
 * Exponential backoff with full jitter: anything from nothing to twice the pause of before, at most `maxMs`, so that callers that failed
 * together do not come back together.
 * @param failures 1, 2 …
 * @param random from 0 (inclusive) to 1
 */
export const backoffMs = ({ baseMs, maxMs }: RetryLimits, failures: number, random: number): number =>
  Math.floor(random * Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)))

/** Retry-After (RFC 9110, 10.2.3), seconds or a date, in milliseconds from `now`; undefined when absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim()
  if (!text) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
