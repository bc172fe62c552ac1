import { Controller, Get, Inject, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { HEALTH_PATHS } from '#runtime'
import { EDGE } from '../tokens.js'
import type { Edge } from './edge.js'
import { EdgeMetrics } from './metrics.js'

/** What an orchestrator asks, at the same paths as in every other process. */
@Controller()
export class HealthController {
  constructor(@Inject(EDGE) private readonly edge: Edge, private readonly metrics: EdgeMetrics) {}

  @Get(HEALTH_PATHS.live)
  live(): object { return { status: 'live' } }

  @Get(HEALTH_PATHS.ready)
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const ready = await this.edge.ready()
    void reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready' })
  }

  @Get(HEALTH_PATHS.metrics)
  async metricsText(@Res() reply: FastifyReply): Promise<void> {
    void reply.header('content-type', this.metrics.registry.contentType).send(await this.metrics.registry.metrics())
  }
}
