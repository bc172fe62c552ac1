import type { Health } from './breaker.js'

/** What came of one call. Whether it was sent matters as much as what came back. */
export type Reply =
  | { readonly kind: 'response'; readonly status: number; readonly body: Buffer; readonly retryAfterMs?: number }
  /** No connection: the province has seen nothing of the call. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** The connection broke: the province may have taken the call. */
  | { readonly kind: 'broken'; readonly reason: string }
  /** `full`: the province had all the time that its profile grants, not only what was left of the deadline. */
  | { readonly kind: 'timeout'; readonly full: boolean }
  | { readonly kind: 'too-large' }

/** What a reply to a delivery, or to the question whether it is known, means for what is done next. */
export type Verdict =
  | { readonly kind: 'answer'; readonly body: Buffer }
  /** The province has the request and has not finished with it. */
  | { readonly kind: 'pending' }
  /** Answer to the question: the province does not know the request, so it may be sent. */
  | { readonly kind: 'unknown' }
  /** `taken`: the request may have reached the province; it is asked before anything is sent again. */
  | { readonly kind: 'transient'; readonly reason: string; readonly timeout: boolean; readonly taken: boolean; readonly waitMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }

const TRANSIENT = new Set([408, 425, 429, 502, 503, 504])

/**
 * @param readable whether a body is an answer in the province's own words: SOAP 1.1 carries its faults with status 500, others with 4xx
 */
export function judge(reply: Reply, asked: 'delivery' | 'status', readable: (body: Buffer) => boolean): { readonly verdict: Verdict; readonly health: Health } {
  switch (reply.kind) {
    case 'unsent': return { verdict: transient(reply.reason, false), health: 'failed' }
    case 'broken': return { verdict: transient(reply.reason, true), health: 'failed' }
    case 'timeout': return { verdict: { ...transient('TIMEOUT', true), timeout: true }, health: reply.full ? 'failed' : 'untold' }
    case 'too-large': return { verdict: { kind: 'refused', reason: 'BODY_TOO_LARGE' }, health: 'well' }
    case 'response': {
      const verdict = statusVerdict(reply, asked, readable)
      // one that says "too many" or "not now" is alive
      return { verdict, health: verdict.kind === 'transient' && reply.status >= 500 ? 'failed' : 'well' }
    }
  }
}

function statusVerdict({ status, body, retryAfterMs: waitMs }: Extract<Reply, { kind: 'response' }>, asked: 'delivery' | 'status', readable: (body: Buffer) => boolean): Verdict {
  if (status === 202) return { kind: 'pending' }
  if (asked === 'status') return status === 200 ? { kind: 'answer', body } : status === 404 ? { kind: 'unknown' } : { ...transient(`HTTP ${status}`, true), waitMs }
  if (status >= 200 && status < 300) return { kind: 'answer', body }
  if (TRANSIENT.has(status)) return { ...transient(`HTTP ${status}`, true), waitMs }
  if (readable(body)) return { kind: 'answer', body }
  return status >= 500 ? transient(`HTTP ${status}`, true) : { kind: 'refused', reason: `HTTP ${status}` }
}

const transient = (reason: string, taken: boolean) => ({ kind: 'transient', reason, timeout: false, taken } as const)
