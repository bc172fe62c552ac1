import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure, fault } from '#kernel'
import type { Principal } from '#security'
import type { Edge } from './edge.js'
import { RetryLater } from './problem.filter.js'
import { TokenBuckets } from './token-buckets.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set on every route that `isPublic` does not name, before the body is read. */
    principal: Principal
  }
}

const OPERATOR_ROUTES = ['/v1/participants', '/v1/dead-letters', '/v1/evidence', '/v1/access-notices']
const below = (route: string, prefixes: readonly string[]): boolean => prefixes.some(p => route === p || route.startsWith(`${p}/`))

/** What there is to exchange may be read by everybody; everything else below /v1 needs a key. */
const isPublic = (route: string): boolean => !route.startsWith('/v1/') || below(route, ['/v1/catalog', '/v1/schemas'])
const isOperators = (route: string, method: string): boolean => below(route, OPERATOR_ROUTES) || (route === '/v1/exchanges' && method === 'GET')

/** The hook before every route: who calls, whether the route is theirs, whether they call too often. No anonymous call goes further. */
export function callerHook({ participants, limits, clock }: Edge) {
  const buckets = new TokenBuckets(limits.ratePerSecond)
  const admit = (request: FastifyRequest, route: string, principal: Principal): void => {
    if (isOperators(route, request.method) && principal.role !== 'operator') {
      throw new Failure('RIGHT_MISSING', [fault('RIGHT_MISSING', '', { zh: '仅限运营方', en: 'for operators alone' })])
    }
    const seconds = buckets.take(principal.id, clock.now().getTime())
    if (seconds > 0) throw new RetryLater('RATE_LIMITED', seconds)
    request.principal = principal
  }
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const route = request.routeOptions.url
    if (route === undefined || isPublic(route)) return done()
    try {
      const principal = participants.authenticator.authenticate(request.headers.authorization)
      // a remembered key is known at once: no turn of the event loop is lost
      if (principal instanceof Promise) principal.then(p => admit(request, route, p)).then(() => done(), done)
      else { admit(request, route, principal); done() }
    } catch (error) {
      done(error as Error)
    }
  }
}
