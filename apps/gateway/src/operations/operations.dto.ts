import { IsOptional, Matches } from 'class-validator'

export class ReplayDeadLetter {
  /** e.g. `zhejiang/discover-answer@2`; absent: the newest. */
  @IsOptional() @Matches(/^[a-z0-9-]+\/[a-z0-9-]+@\d+$/)
  mappingVersion?: string
}
