import { IsNull, type DataSource } from 'typeorm'
import { Failure, fault, type Clock } from '#kernel'
import { ApiKey } from '../api-keys/api-key.entity.js'
import { createKey, hashSecret, parseKey } from '../api-keys/api-key.rules.js'
import { Authenticator, type StoredKey } from '../api-keys/authenticator.js'
import { ExchangeRight } from '../rights/exchange-right.entity.js'
import type { Right } from '../rights/rights.rules.js'
import { Participant } from './participant.entity.js'

export const PARTICIPANT_ENTITIES = [Participant, ApiKey, ExchangeRight] as const

/** A participant with what operators see of it; hashes of keys are never shown. */
export interface ParticipantRecord extends Participant {
  readonly keys: readonly Omit<ApiKey, 'secretHash' | 'participantId'>[]
  readonly rights: readonly Right[]
}

export interface IssuedKey {
  readonly id: string
  /** The key itself, shown this once. */
  readonly key: string
  readonly expiresAt: Date | null
}

/** Participants, their keys and their rights, in the tables of `ParticipantTables…`. Every change counts at once in this process. */
export class ParticipantRegistry {
  readonly authenticator: Authenticator

  constructor(private readonly dataSource: DataSource, private readonly clock: Clock) {
    this.authenticator = new Authenticator(id => this.#load(id), clock)
  }

  async list(): Promise<ParticipantRecord[]> {
    const [participants, keys, rights] = await Promise.all([
      this.dataSource.getRepository(Participant).find({ order: { id: 'ASC' } }),
      this.dataSource.getRepository(ApiKey).find({ order: { createdAt: 'ASC' } }),
      this.dataSource.getRepository(ExchangeRight).find({ order: { exchange: 'ASC', province: 'ASC' } }),
    ])
    return participants.map(p => ({
      ...p,
      keys: keys.filter(k => k.participantId === p.id).map(({ id, createdAt, expiresAt, revokedAt }) => ({ id, createdAt, expiresAt, revokedAt })),
      rights: rights.filter(r => r.participantId === p.id).map(({ exchange, province, purposes }) => ({ exchange, province, purposes })),
    }))
  }

  /** A new participant; it has no key and no right yet. Throws `Failure` PARTICIPANT_EXISTS. */
  async register(participant: Participant): Promise<void> {
    const { raw } = await this.dataSource.createQueryBuilder().insert().into(Participant).values({ ...participant }).orIgnore().returning('id').execute()
    if (!(raw as unknown[]).length) throw new Failure('PARTICIPANT_EXISTS', [fault('PARTICIPANT_EXISTS', '/id')])
    this.authenticator.forget()
  }

  /** Throws `Failure` PARTICIPANT_UNKNOWN. */
  async issueKey(participantId: string, expiresAt: Date | null = null): Promise<IssuedKey> {
    await this.#mustExist(participantId)
    const { id, key, secretHash } = createKey()
    await this.dataSource.getRepository(ApiKey).insert({ id, participantId, secretHash, createdAt: this.clock.now(), expiresAt, revokedAt: null })
    this.authenticator.forget()
    return { id, key, expiresAt }
  }

  /** Takes a key that was made elsewhere, unless it is known. Throws `Failure` PARTICIPANT_UNKNOWN, or Error when it is no key. */
  async adoptKey(participantId: string, key: string): Promise<void> {
    await this.#mustExist(participantId)
    const parsed = parseKey(key)
    if (!parsed) throw new Error('the key is not of the form tq_<12 hex digits>_<32 random bytes as base64url>')
    await this.dataSource.createQueryBuilder().insert().into(ApiKey).values({ id: parsed.id, participantId, secretHash: hashSecret(parsed.secret), createdAt: this.clock.now(), expiresAt: null, revokedAt: null }).orIgnore().execute()
    this.authenticator.forget()
  }

  /** A new key; the old one ends `overlapMs` from now, or earlier if it was to end earlier. Throws `Failure` API_KEY_UNKNOWN. */
  async rotateKey(participantId: string, keyId: string, overlapMs: number): Promise<IssuedKey> {
    const old = await this.dataSource.getRepository(ApiKey).findOneBy({ id: keyId, participantId, revokedAt: IsNull() })
    if (!old) throw new Failure('API_KEY_UNKNOWN')
    const end = new Date(this.clock.now().getTime() + overlapMs)
    const issued = await this.issueKey(participantId)
    await this.dataSource.getRepository(ApiKey).update({ id: keyId }, { expiresAt: old.expiresAt !== null && old.expiresAt < end ? old.expiresAt : end })
    this.authenticator.forget()
    return issued
  }

  /** Ends a key at once; again changes nothing. Throws `Failure` API_KEY_UNKNOWN. */
  async revokeKey(participantId: string, keyId: string): Promise<void> {
    const { affected } = await this.dataSource.createQueryBuilder().update(ApiKey).set({ revokedAt: () => 'coalesce(revoked_at, :now)' })
      .where('id = :keyId AND participant_id = :participantId').setParameters({ keyId, participantId, now: this.clock.now() }).execute()
    if (!affected) throw new Failure('API_KEY_UNKNOWN')
    this.authenticator.forget()
  }

  /** Replaces all rights of a participant. Throws `Failure` PARTICIPANT_UNKNOWN. */
  async setRights(participantId: string, rights: readonly Right[]): Promise<void> {
    await this.#mustExist(participantId)
    await this.dataSource.transaction(async manager => {
      await manager.delete(ExchangeRight, { participantId })
      if (rights.length) await manager.insert(ExchangeRight, rights.map(r => ({ participantId, exchange: r.exchange, province: r.province, purposes: [...r.purposes] })))
    })
    this.authenticator.forget()
  }

  async #mustExist(id: string): Promise<void> {
    if (!await this.dataSource.getRepository(Participant).existsBy({ id })) throw new Failure('PARTICIPANT_UNKNOWN')
  }

  async #load(keyId: string): Promise<StoredKey | undefined> {
    const key = await this.dataSource.getRepository(ApiKey).findOneBy({ id: keyId })
    if (!key) return undefined
    const [participant, rights] = await Promise.all([
      this.dataSource.getRepository(Participant).findOneByOrFail({ id: key.participantId }),
      this.dataSource.getRepository(ExchangeRight).findBy({ participantId: key.participantId }),
    ])
    const { active, ...who } = participant
    return { secretHash: key.secretHash, expiresAt: key.expiresAt, revokedAt: key.revokedAt, active, principal: { ...who, rights: rights.map(({ exchange, province, purposes }) => ({ exchange, province, purposes })) } }
  }
}
