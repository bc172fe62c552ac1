import { Column, Entity, PrimaryColumn } from 'typeorm'
import type { Right } from './rights.rules.js'

@Entity('exchange_right')
export class ExchangeRight implements Right {
  @PrimaryColumn('text', { name: 'participant_id' })
  participantId: string

  @PrimaryColumn('text')
  exchange: string

  @PrimaryColumn('text')
  province: string

  @Column('text', { array: true })
  purposes: string[]
}
