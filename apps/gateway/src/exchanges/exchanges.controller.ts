import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure, fault, isId } from '#kernel'
import { exchange, type ExchangeDefinition } from '#schemas'
import type { Edge } from '../http/edge.js'
import { EdgeMetrics } from '../http/metrics.js'
import { ExchangeFailure, RetryLater } from '../http/problem.filter.js'
import { mediaType } from '../http/media-type.rules.js'
import { EDGE } from '../tokens.js'
import { Admission } from './admission.js'
import { CANONICAL_TYPE } from './canonical-form.js'
import type { Accepted, ExchangeRecord, Intake } from './exchange-store.js'
import { waitPreference } from './prefer.rules.js'
import { endFailure, ReplyFormats } from './reply.js'

const BACKLOG_RETRY_SECONDS = 5
const NO_BODY = Buffer.alloc(0)

/** Where documents come in and replies go out. Handlers write the answer themselves: nothing of Nest's stands between route and code. */
@Controller('v1/exchanges')
export class ExchangesController {
  readonly #admission: Admission
  readonly #formats: ReplyFormats

  constructor(@Inject(EDGE) private readonly edge: Edge, private readonly metrics: EdgeMetrics) {
    this.#admission = new Admission(edge.provinces, edge.limits)
    this.#formats = new ReplyFormats(edge.provinces)
  }

  @Post(':domain/:message')
  @HttpCode(202)
  async send(@Req() request: FastifyRequest<{ Params: { domain: string; message: string } }>, @Res() reply: FastifyReply): Promise<void> {
    const { principal, headers, params } = request
    const definition = definitionOf(params)
    const { exchanges, limits, clock } = this.edge
    if (exchanges.backlog() > limits.backlog) throw new RetryLater('OVERLOADED', BACKLOG_RETRY_SECONDS)
    const intake = this.#admission.admit({ definition, principal, headers, bytes: bodyOf(request), receivedAt: clock.now() })
    const spoken = mediaType(intake.contentType)?.type
    const format = this.#formats.choose(headers.accept, intake.province, spoken === CANONICAL_TYPE ? CANONICAL_TYPE : undefined)
    const accepted = await exchanges.accept(intake)
    const id = acceptedId(accepted)
    if (accepted.kind === 'accepted') this.metrics.accepted(intake.exchange)
    const before = accepted.kind === 'replayed' ? await this.#replayed(id, intake, reply) : undefined

    const wait = waitPreference(headers.prefer)
    if (wait !== undefined) {
      reply.header('preference-applied', `wait=${wait}`)
      const record = await this.edge.drain.wait(exchanges.waitFor(id, wait * 1000))
      if (record) return this.#deliver(record, format, reply)
    }
    const { caseId, state } = before ?? { caseId: intake.caseId, state: 'OPEN' as const }
    json(reply.status(202).header('location', `/v1/exchanges/${id}`), { id, case: caseId, state, links: linksOf(id) })
  }

  @Get(':id')
  async show(@Req() request: FastifyRequest<{ Params: { id: string } }>, @Res() reply: FastifyReply): Promise<void> {
    const record = await this.#own(request)
    json(reply, { ...record, links: linksOf(record.id) })
  }

  @Get(':id/reply')
  async reply(@Req() request: FastifyRequest<{ Params: { id: string } }>, @Res() reply: FastifyReply): Promise<void> {
    const record = await this.#own(request)
    const format = this.#formats.choose(request.headers.accept, record.province)
    if (record.state === 'OPEN' || record.state === 'BLOCKED') throw new ExchangeFailure(new Failure(record.state === 'OPEN' ? 'REPLY_NOT_READY' : 'CASE_BLOCKED'), record.id)
    await this.#deliver(record, format, reply)
  }

  async #deliver(record: ExchangeRecord, format: string, reply: FastifyReply): Promise<void> {
    const found = await this.edge.exchanges.reply(record.id)
    reply.header('tongqu-exchange', record.id).header('tongqu-case', record.caseId)
    if (!found && record.state === 'COMPLETED') return void reply.status(204).send()
    if (!found) throw new ExchangeFailure(endFailure(record), record.id)
    const { body, contentType, lossCount } = this.#formats.render(record, found, format)
    void reply.status(200).header('content-type', contentType).header('content-location', `/v1/exchanges/${record.id}/reply`)
      .header('tongqu-partial', String(record.partial)).header('tongqu-loss', String(lossCount)).header('vary', 'accept').send(body)
  }

  /** The same key came before: the same bytes to the same exchange for the same purpose, or it is another request. */
  async #replayed(id: string, intake: Intake, reply: FastifyReply): Promise<ExchangeRecord> {
    const before = await this.edge.exchanges.get(id)
    if (!before || before.exchange !== intake.exchange || before.purpose !== intake.purpose || before.targets.join() !== intake.targets.join()) throw conflict()
    reply.header('idempotency-replayed', 'true')
    return before
  }

  /** One's own exchange, or any for an operator. Somebody else's is not told apart from none. */
  async #own({ principal, params }: FastifyRequest<{ Params: { id: string } }>): Promise<ExchangeRecord> {
    const record = isId(params.id) ? await this.edge.exchanges.get(params.id) : undefined
    if (!record || (record.participantId !== principal.id && principal.role !== 'operator')) throw new Failure('EXCHANGE_UNKNOWN')
    return record
  }
}

const linksOf = (id: string): { self: string; reply: string } => ({ self: `/v1/exchanges/${id}`, reply: `/v1/exchanges/${id}/reply` })

const bodyOf = (request: FastifyRequest): Buffer => (request.body instanceof Buffer ? request.body : NO_BODY)

function definitionOf({ domain, message }: { domain: string; message: string }): ExchangeDefinition {
  const definition = exchange(`${domain}.${message}`)
  if (!definition) throw new Failure('EXCHANGE_UNKNOWN')
  return definition
}

const conflict = (): Failure => new Failure('IDEMPOTENCY_CONFLICT', [fault('IDEMPOTENCY_CONFLICT', 'Idempotency-Key')])

function acceptedId(accepted: Accepted): string {
  switch (accepted.kind) {
    case 'accepted':
    case 'replayed': return accepted.id
    case 'conflict': throw conflict()
    case 'foreign-case': throw new Failure('RIGHT_MISSING', [fault('RIGHT_MISSING', 'Tongqu-Case', { zh: '该业务由其他机构发起', en: 'another participant opened this case' })])
    case 'sequence-taken': throw new Failure('SEQUENCE_TAKEN', [fault('SEQUENCE_TAKEN', 'Tongqu-Sequence')])
  }
}

/** JSON as text: Fastify's serialiser has no schema to go by here. */
const json = (reply: FastifyReply, body: unknown): void => void reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body))
