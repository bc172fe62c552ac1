import { Type } from 'class-transformer'
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsISO8601, IsInt, IsOptional, IsString, Length, Matches, Max, Min, ValidateIf, ValidateNested } from 'class-validator'
import { PARTICIPANT_ROLES, type ParticipantRole } from '#security'

const ID = /^[a-z][a-z0-9-]{1,63}$/
const PROVINCE = /^\d{2}0000$/

export class RegisterParticipant {
  /** Lower-case letters, digits and dashes. */
  @Matches(ID)
  id: string

  @IsString() @Length(1, 128)
  name: string

  @IsOptional() @IsString() @Length(1, 128)
  nameEn?: string

  /** GB/T 2260; an operator needs none. */
  @ValidateIf((p: RegisterParticipant) => p.role !== 'operator') @Matches(PROVINCE)
  province: string

  @IsString() @Matches(/^[0-9A-Z-]{1,32}$/)
  organizationCode: string

  @IsIn(PARTICIPANT_ROLES)
  role: ParticipantRole
}

export class IssueKey {
  /** ISO 8601; absent: until revoked. */
  @IsOptional() @IsISO8601({ strict: true })
  expiresAt?: string
}

export class RotateKey {
  /** How long the old key still works; default one day. */
  @IsOptional() @IsInt() @Min(0) @Max(30 * 86_400)
  overlapSeconds?: number
}

export class RightEntry {
  @Matches(/^(\*|[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*)$/)
  exchange: string

  @Matches(/^(\*|\d{2}0000)$/)
  province: string

  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(20) @Matches(/^(\*|[A-Z]{2,16})$/, { each: true })
  purposes: string[]
}

/** All rights of a participant; what is not in the list is no longer permitted. */
export class SetRights {
  @IsArray() @ArrayMaxSize(500) @ValidateNested({ each: true }) @Type(() => RightEntry)
  rights: RightEntry[]
}
