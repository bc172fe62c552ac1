import { Column, Entity, PrimaryColumn } from 'typeorm'

/** One key of a participant. The key itself is nowhere: `secretHash` is the SHA-256 of its secret. */
@Entity('api_key')
export class ApiKey {
  @PrimaryColumn('text')
  id: string

  @Column('text', { name: 'participant_id' })
  participantId: string

  @Column('bytea', { name: 'secret_hash' })
  secretHash: Buffer

  @Column('timestamptz', { name: 'created_at' })
  createdAt: Date

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt: Date | null

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt: Date | null
}
