import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure, FAILURES, fault, newId, type FailureCode } from '#kernel'
import type { Logger } from '#observability'
import { languageOf, problemOf } from './problem.rules.js'

/** A failure of an exchange that exists: the problem document names it. */
export class ExchangeFailure extends Failure {
  constructor(failure: Failure, readonly exchangeId: string) { super(failure.code, failure.faults, { cause: failure }) }
}

/** A refusal that says when to come back. */
export class RetryLater extends Failure {
  constructor(code: FailureCode, readonly retryAfterSeconds: number) { super(code) }
}

/** Everything thrown at the edge becomes a problem document here. What is no `Failure` is a bug: logged under an id, told without content. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>())
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const failure = failureOf(thrown)
    const id = newId()
    if (failure.code === 'INTERNAL') this.logger.error({ id, route: request.routeOptions?.url, error: bugOf(failure.cause) }, 'internal error')
    const language = languageOf(request.headers['accept-language'])
    const problem = problemOf(failure, language, id, failure instanceof ExchangeFailure ? failure.exchangeId : undefined)
    if (failure instanceof RetryLater) reply.header('retry-after', String(failure.retryAfterSeconds))
    else if (failure.entry.status === 503) reply.header('retry-after', '1')
    // Fastify closes at once, and a sender still at it would see a broken connection instead of this answer: Node reads on and drops it
    if (failure.code === 'BODY_TOO_LARGE') reply.removeHeader('connection')
    if (failure.entry.status === 401) reply.header('www-authenticate', 'Bearer realm="tongqu"')
    void reply.status(problem.status).header('content-type', 'application/problem+json; charset=utf-8').header('content-language', language)
      .header('vary', 'accept-language').send(JSON.stringify(problem))
  }
}

/** Codes of Fastify that tell of the request, not of us. */
const FASTIFY: Readonly<Record<string, FailureCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'DOCUMENT_MALFORMED',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'DOCUMENT_MALFORMED',
  FST_ERR_BAD_URL: 'ROUTE_UNKNOWN',
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown
  const code = FASTIFY[(thrown as { code?: string } | undefined)?.code ?? '']
  if (code) return new Failure(code, [fault(code, '')])
  if (thrown instanceof HttpException) {
    const status = thrown.getStatus()
    if (status === 404) return new Failure('ROUTE_UNKNOWN')
    const match = (Object.keys(FAILURES) as FailureCode[]).find(c => FAILURES[c].status === status)
    if (match && status < 500) return new Failure(match)
  }
  if (isDatabaseAway(thrown)) return new Failure('INFRASTRUCTURE', [], { cause: thrown })
  return new Failure('INTERNAL', [], { cause: thrown })
}

/** PostgreSQL classes 08 (connection), 53 (resources), 57P (shutdown), sockets, and what the driver says without a code. */
const isDatabaseAway = (thrown: unknown): boolean => {
  const { code, message } = (thrown ?? {}) as { code?: unknown; message?: unknown }
  if (typeof code === 'string') return /^(08|53|57P)/.test(code) || ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(code)
  return typeof message === 'string' && /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/.test(message)
}

/** Where it happened, without its message: that may repeat content. */
const bugOf = (cause: unknown): { type: string; at: string[] } => {
  const error = cause instanceof Error ? cause : undefined
  return { type: error?.name ?? typeof cause, at: error?.stack?.split('\n').filter(line => /^\s+at /.test(line)).slice(0, 8).map(line => line.trim()) ?? [] }
}
