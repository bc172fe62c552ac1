import { Module, type DynamicModule } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { CatalogController } from '../catalog/catalog.controller.js'
import { Catalog } from '../catalog/catalog.js'
import { ExchangesController } from '../exchanges/exchanges.controller.js'
import { InboxController } from '../inbox/inbox.controller.js'
import { OperationsController } from '../operations/operations.controller.js'
import { ParticipantsController } from '../participants/participants.controller.js'
import { EDGE } from '../tokens.js'
import { callerHook } from './caller.js'
import type { Edge } from './edge.js'
import { HealthController } from './health.controller.js'
import { EdgeMetrics } from './metrics.js'
import { ProblemFilter } from './problem.filter.js'

@Module({})
class HttpModule {
  static of(edge: Edge, metrics: EdgeMetrics, catalog: Catalog): DynamicModule {
    return {
      module: HttpModule,
      // operations first: `GET /v1/exchanges` is theirs, `GET /v1/exchanges/:id` is not
      controllers: [OperationsController, ExchangesController, InboxController, ParticipantsController, CatalogController, HealthController],
      providers: [{ provide: EDGE, useValue: edge }, { provide: EdgeMetrics, useValue: metrics }, { provide: Catalog, useValue: catalog }],
    }
  }
}

/** The whole HTTP edge, not yet listening. Bodies reach every route as the bytes that came in. */
export async function createHttpApp(edge: Edge): Promise<NestFastifyApplication> {
  const metrics = new EdgeMetrics(edge)
  const catalog = new Catalog(edge.provinces)
  const adapter = new FastifyAdapter({ bodyLimit: edge.limits.bodyBytes, skipMiddie: true, exposeHeadRoutes: false, requestTimeout: 60_000, routerOptions: { maxParamLength: 200 } })
  const app = await NestFactory.create<NestFastifyApplication>(HttpModule.of(edge, metrics, catalog), adapter, { bodyParser: false, logger: ['error', 'warn'] })
  app.useGlobalFilters(new ProblemFilter(edge.logger))
  const fastify = adapter.getInstance()
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  fastify.decorateRequest('principal')
  fastify.addHook('onRequest', callerHook(edge))
  fastify.addHook('onResponse', (request, reply, done) => {
    metrics.answered(request.method, request.routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime)
    done()
  })
  return app
}
