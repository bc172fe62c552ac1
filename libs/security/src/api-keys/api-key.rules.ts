import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** `tq_<key id: 12 hex digits>_<secret: 32 random bytes, base64url>` */
const KEY = /^tq_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/

export interface NewKey {
  readonly id: string
  /** Shown once; only its hash is kept. */
  readonly key: string
  readonly secretHash: Buffer
}

export function createKey(): NewKey {
  const id = randomBytes(6).toString('hex')
  const secret = randomBytes(32).toString('base64url')
  return { id, key: `tq_${id}_${secret}`, secretHash: hashSecret(secret) }
}

export function parseKey(key: string): { readonly id: string; readonly secret: string } | undefined {
  const match = KEY.exec(key)
  return match ? { id: match[1]!, secret: match[2]! } : undefined
}

/** A plain SHA-256 suffices: the secret has 256 random bits, there is nothing to guess. */
export const hashSecret = (secret: string): Buffer => hash('sha256', secret, 'buffer')

export const isSecret = (secret: string, expected: Uint8Array): boolean => timingSafeEqual(hashSecret(secret), expected)
