import { Controller, Get, Inject, Param, Res } from '@nestjs/common'
import type { FastifyReply } from 'fastify'
import { Failure } from '#kernel'
import type { Edge } from '../http/edge.js'
import { EDGE } from '../tokens.js'
import { Catalog } from './catalog.js'
import { docsPage } from './docs-page.js'
import { openApi } from './openapi.js'

const VERSION = '1'

/** What there is to exchange, for machines and for people; open to everybody. */
@Controller()
export class CatalogController {
  constructor(@Inject(EDGE) private readonly edge: Edge, private readonly catalog: Catalog) {}

  @Get('v1/catalog')
  async list(): Promise<object> {
    return { exchanges: await this.catalog.entries(), headers: this.catalog.headers }
  }

  @Get('v1/schemas')
  schemas(): object { return { schemas: this.catalog.schemas() } }

  @Get('v1/schemas/:name')
  schema(@Param('name') name: string, @Res() reply: FastifyReply): void {
    const schema = this.catalog.schema(name)
    if (!schema) throw new Failure('ROUTE_UNKNOWN')
    void reply.header('content-type', 'application/schema+json; charset=utf-8').send(JSON.stringify(schema))
  }

  @Get('openapi.json')
  openApi(): object { return openApi(this.edge.provinces, VERSION) }

  @Get('docs')
  async docs(@Res() reply: FastifyReply): Promise<void> {
    void reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'").send(docsPage(await this.catalog.entries()))
  }
}
