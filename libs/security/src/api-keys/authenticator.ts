import { Failure, fault, type Clock } from '#kernel'
import type { ParticipantRole } from '../participants/participant.entity.js'
import type { Right } from '../rights/rights.rules.js'
import { isSecret, parseKey } from './api-key.rules.js'

/** Who calls. */
export interface Principal {
  readonly id: string
  readonly nameZh: string
  readonly nameEn: string
  readonly province: string | null
  readonly organizationCode: string
  readonly role: ParticipantRole
  readonly rights: readonly Right[]
}

/** A key as it is stored, with whom it stands for. */
export interface StoredKey {
  readonly secretHash: Uint8Array
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  readonly active: boolean
  readonly principal: Principal
}

interface Cached { readonly key: StoredKey | undefined; readonly untilMs: number }

/** Also keys that do not exist are remembered, so that guessing costs no queries; the memory is bounded. */
const MOST = 20_000

/**
 * Tells who calls by the header `Authorization: Bearer <key>`. Keys are remembered for `ttlMs`: a change made by another process is seen
 * after that, one made by this process at once (`forget`).
 */
export class Authenticator {
  readonly #cache = new Map<string, Cached>()
  readonly #loading = new Map<string, Promise<StoredKey | undefined>>()
  #changes = 0

  constructor(private readonly load: (keyId: string) => Promise<StoredKey | undefined>, private readonly clock: Clock, private readonly ttlMs = 5000) {}

  /** At once when the key is remembered. Throws `Failure` NOT_AUTHENTICATED, or KEY_REVOKED for a right key that is no longer valid. */
  authenticate(authorization: string | undefined): Principal | Promise<Principal> {
    const given = authorization?.startsWith('Bearer ') ? parseKey(authorization.slice(7)) : undefined
    if (!given) throw new Failure('NOT_AUTHENTICATED', [fault('NOT_AUTHENTICATED', 'Authorization')])
    const nowMs = this.clock.now().getTime()
    const cached = this.#cache.get(given.id)
    if (cached && cached.untilMs > nowMs) return admit(cached.key, given.secret, nowMs)
    return this.#fresh(given.id, nowMs).then(key => admit(key, given.secret, nowMs))
  }

  /** Forgets what is remembered; call after every change of keys, rights or participants. */
  forget(): void {
    this.#changes++
    this.#cache.clear()
    this.#loading.clear()
  }

  #fresh(id: string, nowMs: number): Promise<StoredKey | undefined> {
    const under = this.#loading.get(id)
    if (under) return under
    const changes = this.#changes
    const loading = this.load(id).then(key => {
      // what was read before a change may be old
      if (changes === this.#changes) {
        if (this.#cache.size >= MOST) this.#cache.delete(this.#cache.keys().next().value!)
        this.#cache.set(id, { key, untilMs: nowMs + this.ttlMs })
      }
      return key
    }).finally(() => { if (this.#loading.get(id) === loading) this.#loading.delete(id) })
    this.#loading.set(id, loading)
    return loading
  }
}

function admit(key: StoredKey | undefined, secret: string, nowMs: number): Principal {
  // whether a key was revoked is told only to who has its secret
  if (!key || !isSecret(secret, key.secretHash)) throw new Failure('NOT_AUTHENTICATED', [fault('NOT_AUTHENTICATED', 'Authorization')])
  const ended = key.revokedAt !== null || !key.active || (key.expiresAt !== null && key.expiresAt.getTime() <= nowMs)
  if (ended) throw new Failure('KEY_REVOKED', [fault('KEY_REVOKED', 'Authorization')])
  return key.principal
}
