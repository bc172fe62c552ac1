import { Column, Entity, PrimaryColumn } from 'typeorm'

export const PARTICIPANT_ROLES = ['asker', 'holder', 'both', 'operator'] as const
/** `asker` may send requests, `holder` answers them (pull inbox), `operator` runs the gateway and takes part in nothing. */
export type ParticipantRole = typeof PARTICIPANT_ROLES[number]

/** An organisation with keys and rights. */
@Entity('participant')
export class Participant {
  @PrimaryColumn('text')
  id: string

  @Column('text', { name: 'name_zh' })
  nameZh: string

  @Column('text', { name: 'name_en' })
  nameEn: string

  /** GB/T 2260; its dialect is this province's. Null: an operator belongs to none. */
  @Column('text', { nullable: true })
  province: string | null

  @Column('text', { name: 'organization_code' })
  organizationCode: string

  @Column('text')
  role: ParticipantRole

  @Column('boolean')
  active: boolean
}
