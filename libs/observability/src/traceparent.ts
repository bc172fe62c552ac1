import { randomFillSync } from 'node:crypto'

/** W3C Trace Context, level 1 (version 00): which journey, and which step of it. Identifiers are lower-case hex. */
export interface TraceContext {
  /** 32 hex digits, the same for the whole journey. */
  readonly traceId: string
  /** 16 hex digits, the caller’s step. */
  readonly parentId: string
  readonly sampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Undefined for what the recommendation calls invalid: then a new trace begins, nothing is refused. Later versions are read as far as 00 reaches. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(text?.trim() ?? '') ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentId!)) return undefined
  return { traceId: traceId!, parentId: parentId!, sampled: (parseInt(flags!, 16) & 1) === 1 }
}

export const formatTraceparent = (c: TraceContext): string => `00-${c.traceId}-${c.parentId}-${c.sampled ? '01' : '00'}`

/** The header to send on: the caller’s journey if it named one, else a new one; always a step of our own. */
export function nextTraceparent(received?: string): string {
  const before = parseTraceparent(received)
  return formatTraceparent({ traceId: before?.traceId ?? hex(16), parentId: hex(8), sampled: before?.sampled ?? true })
}

// random bytes are drawn by the page: one draw at a time costs more than all the rest of a header
const pool = Buffer.alloc(4096)
let used = pool.length

/** Random hex that is not all zeros, which the recommendation forbids. */
function hex(bytes: number): string {
  for (;;) {
    if (used + bytes > pool.length) { randomFillSync(pool); used = 0 }
    const text = pool.toString('hex', used, used += bytes)
    if (!/^0+$/.test(text)) return text
  }
}
