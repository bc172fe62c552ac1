import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Req } from '@nestjs/common'
import type { FastifyRequest } from 'fastify'
import { Failure, fault, type Fault } from '#kernel'
import { exchange } from '#schemas'
import { ANY, type ParticipantRecord } from '#security'
import type { Edge } from '../http/edge.js'
import { OperatorBody } from '../http/operator-body.pipe.js'
import { EDGE } from '../tokens.js'
import { IssueKey, RegisterParticipant, RotateKey, SetRights } from './participants.dto.js'

const DEFAULT_OVERLAP_SECONDS = 86_400

/** Who may exchange: organisations, keys, rights. For operators; every change is written down before it takes effect. */
@Controller('v1/participants')
export class ParticipantsController {
  constructor(@Inject(EDGE) private readonly edge: Edge) {}

  @Get()
  async list(): Promise<object> {
    return { participants: (await this.edge.participants.list()).map(shown) }
  }

  @Post()
  async register(@Req() request: FastifyRequest, @Body(OperatorBody) body: RegisterParticipant): Promise<object> {
    const { id, name, nameEn = name, organizationCode, role } = body
    const province = role === 'operator' ? null : body.province
    if (province !== null && !this.edge.provinces.byCode(province)) throw new Failure('PROVINCE_UNKNOWN', [fault('PROVINCE_UNKNOWN', '/province')])
    await this.#audit(request, 'participant.register', id, { role, province })
    await this.edge.participants.register({ id, nameZh: name, nameEn, province, organizationCode, role, active: true })
    return { id, name, nameEn, province, organizationCode, role, active: true, keys: [], rights: [] }
  }

  @Post(':id/keys')
  async issue(@Req() request: FastifyRequest, @Param('id') id: string, @Body(OperatorBody) { expiresAt }: IssueKey): Promise<object> {
    await this.#audit(request, 'key.issue', id, { expiresAt: expiresAt ?? null })
    return this.edge.participants.issueKey(id, expiresAt === undefined ? null : new Date(expiresAt))
  }

  @Post(':id/keys/:keyId/rotate')
  async rotate(@Req() request: FastifyRequest, @Param('id') id: string, @Param('keyId') keyId: string, @Body(OperatorBody) { overlapSeconds = DEFAULT_OVERLAP_SECONDS }: RotateKey): Promise<object> {
    await this.#audit(request, 'key.rotate', id, { keyId, overlapSeconds })
    return this.edge.participants.rotateKey(id, keyId, overlapSeconds * 1000)
  }

  @Delete(':id/keys/:keyId')
  @HttpCode(204)
  async revoke(@Req() request: FastifyRequest, @Param('id') id: string, @Param('keyId') keyId: string): Promise<void> {
    await this.#audit(request, 'key.revoke', id, { keyId })
    await this.edge.participants.revokeKey(id, keyId)
  }

  @Put(':id/rights')
  async setRights(@Req() request: FastifyRequest, @Param('id') id: string, @Body(OperatorBody) { rights }: SetRights): Promise<object> {
    const faults = rights.flatMap((right, n): Fault[] => [
      ...(right.exchange === ANY || exchange(right.exchange) ? [] : [fault('EXCHANGE_UNKNOWN', `/rights/${n}/exchange`)]),
      ...(right.province === ANY || this.edge.provinces.byCode(right.province) ? [] : [fault('PROVINCE_UNKNOWN', `/rights/${n}/province`)]),
      ...(rights.findIndex(r => r.exchange === right.exchange && r.province === right.province) === n ? [] : [fault('FIELD_INVALID', `/rights/${n}`, { zh: '重复', en: 'it stands twice' })]),
    ])
    if (faults[0]) throw new Failure(faults[0].code, faults)
    await this.#audit(request, 'rights.set', id, { rights })
    await this.edge.participants.setRights(id, rights)
    return { id, rights }
  }

  #audit({ principal }: FastifyRequest, action: string, target: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    return this.edge.operations.audit({ participantId: principal.id, action, target, detail })
  }
}

const shown = ({ nameZh, ...rest }: ParticipantRecord): object => ({ ...rest, name: nameZh })
