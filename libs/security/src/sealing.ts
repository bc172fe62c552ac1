import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomFillSync, type KeyObject } from 'node:crypto'

/**
 * Sealing of everything that holds content at rest: AES-256-GCM under a key derived from the installation's data key.
 * Layout: version (1 byte) | nonce (12) | tag (16) | ciphertext. `about` binds a seal to its row, so that rows cannot be swapped.
 */
export class Sealer {
  // key objects: four times faster than passing the bytes at every call
  readonly #key: KeyObject
  readonly #hashKey: KeyObject
  readonly #nonces = Buffer.alloc(12 * 256)
  #used = this.#nonces.length

  /** @param dataKey 32 bytes or more of secret, the same for every process of an installation. */
  constructor(dataKey: Buffer) {
    if (dataKey.length < 32) throw new Error('the data key needs at least 32 bytes')
    this.#key = createSecretKey(Buffer.from(hkdfSync('sha256', dataKey, '', 'tongqu seal v1', 32)))
    this.#hashKey = createSecretKey(Buffer.from(hkdfSync('sha256', dataKey, '', 'tongqu keyed hash v1', 32)))
  }

  seal(plain: Buffer | string, about: string): Buffer {
    if (this.#used === this.#nonces.length) { randomFillSync(this.#nonces); this.#used = 0 }
    const nonce = this.#nonces.subarray(this.#used, this.#used += 12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    cipher.setAAD(Buffer.from(about))
    const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain)
    cipher.final()
    return Buffer.concat([VERSION, nonce, cipher.getAuthTag(), body])
  }

  /** Throws when the bytes were changed or belong to another row. */
  open(sealed: Buffer, about: string): Buffer {
    if (sealed[0] !== 1) throw new Error('unknown seal version')
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(1, 13))
    decipher.setAAD(Buffer.from(about))
    decipher.setAuthTag(sealed.subarray(13, 29))
    return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()])
  }

  /** Look-up hash of a personal value: the same value gives the same hash, and nobody without the key can try values. Hex, 32 bytes. */
  keyedHash(kind: string, value: string): string {
    return createHmac('sha256', this.#hashKey).update(kind).update('\0').update(value).digest('hex')
  }
}
const VERSION = Buffer.from([1])
