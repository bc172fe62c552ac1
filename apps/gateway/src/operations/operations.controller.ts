import { Readable } from 'node:stream'
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure, isId } from '#kernel'
import type { EvidenceRow } from '#security'
import type { ExchangeState } from '../exchanges/exchange-store.js'
import type { Edge } from '../http/edge.js'
import { idOf, oneOf, wholeNumber } from '../http/query.rules.js'
import { EDGE } from '../tokens.js'
import type { DeadLetterRecord, DeadLetterStatus } from './operations-store.js'

const STATES = ['OPEN', 'BLOCKED', 'COMPLETED', 'REJECTED', 'FAILED', 'EXPIRED'] as const satisfies readonly ExchangeState[]
const STATUSES = ['OPEN', 'REPLAYED'] as const satisfies readonly DeadLetterStatus[]
const EVIDENCE_WAIT_MS = 10_000
const limitOf = (text: string | undefined): number => wholeNumber(text, 'limit', { least: 1, most: 1000, fallback: 100 })

/** What operators see of the record, and what they may move. */
@Controller('v1')
export class OperationsController {
  constructor(@Inject(EDGE) private readonly edge: Edge) {}

  @Get('exchanges')
  async exchanges(@Query('state') state?: string, @Query('case') caseId?: string, @Query('limit') limit?: string): Promise<object> {
    return { exchanges: await this.edge.operations.exchanges({ state: oneOf(state, 'state', STATES), caseId, limit: limitOf(limit) }) }
  }

  @Get('dead-letters')
  async deadLetters(@Query('status') status?: string, @Query('limit') limit?: string): Promise<object> {
    return { deadLetters: await this.edge.operations.deadLetters({ status: oneOf(status, 'status', STATUSES), limit: limitOf(limit) }) }
  }

  @Get('dead-letters/:id')
  async deadLetter(@Param('id') id: string): Promise<DeadLetterRecord> {
    const letter = isId(id) ? await this.edge.operations.deadLetter(id) : undefined
    if (!letter) throw new Failure('DEAD_LETTER_UNKNOWN')
    return letter
  }

  /** 202: the service is asked; the letter's status tells when it succeeded. */
  @Post('dead-letters/:id/replay')
  @HttpCode(202)
  async replay(@Req() { principal }: FastifyRequest, @Param('id') id: string): Promise<object> {
    const letter = await this.deadLetter(id)
    await this.edge.operations.audit({ participantId: principal.id, action: 'dead-letter.replay', target: id })
    await this.edge.operations.replay(letter, principal.id)
    return { id, links: { self: `/v1/dead-letters/${id}`, exchange: `/v1/exchanges/${letter.exchangeId}` } }
  }

  /** One row a line (NDJSON). Services that did not answer are named in `Tongqu-Missing`: an export is never silently complete. */
  @Get('evidence')
  async evidence(@Req() { principal }: FastifyRequest, @Res() reply: FastifyReply, @Query('exchange') exchangeId?: string): Promise<void> {
    await this.edge.operations.audit({ participantId: principal.id, action: 'evidence.export', target: exchangeId ?? '*' })
    const { missing, rows } = await this.edge.operations.evidence(EVIDENCE_WAIT_MS)
    if (missing.length) reply.header('tongqu-missing', missing.join(','))
    void reply.header('content-type', 'application/x-ndjson').send(Readable.from(lines(rows, exchangeId)))
  }

  @Get('access-notices')
  async accessNotices(@Query('exchange') exchangeId?: string, @Query('person') personKey?: string, @Query('limit') limit?: string): Promise<object> {
    return { accessNotices: await this.edge.operations.accessNotices({ exchangeId: idOf(exchangeId, 'exchange'), personKey, limit: limitOf(limit) }) }
  }
}

async function* lines(rows: AsyncIterable<EvidenceRow>, exchangeId: string | undefined): AsyncGenerator<string> {
  for await (const row of rows) if (exchangeId === undefined || row.exchangeId === exchangeId) yield `${JSON.stringify(row)}\n`
}
