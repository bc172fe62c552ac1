import { createHash, randomBytes, randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4096)
let used = pool.length
let lastMs = 0
let counter = 0

/** A UUIDv7 (RFC 9562): time-ordered, so that b-tree inserts stay at the right edge; monotonic within a process. */
export function newId(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) { lastMs = nowMs; counter = randomBytes(2).readUInt16BE() & 0x7ff } else if (++counter > 0xfff) { lastMs++; counter = 0 }
  if (used + 8 > pool.length) { randomFillSync(pool); used = 0 }
  const tail = pool.toString('hex', used, used + 8)
  used += 8
  const t = lastMs.toString(16).padStart(12, '0')
  const variant = ((parseInt(tail[0]!, 16) & 0x3) | 0x8).toString(16)
  return `${t.slice(0, 8)}-${t.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}${tail.slice(1, 4)}-${tail.slice(4)}`
}

/** The id of an output, derived from its cause: a step done again names its outputs the same, so receivers know the repeat. UUIDv8. */
export function childId(causeId: string, ...path: (string | number)[]): string {
  const h = createHash('sha256').update(causeId)
  for (const part of path) h.update(`\0${part}`)
  const hex = h.digest('hex')
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
export const isId = (text: string): boolean => UUID.test(text)
