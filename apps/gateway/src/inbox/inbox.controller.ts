import { Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Failure, fault, isId } from '#kernel'
import type { Province } from '#provinces'
import { wholeNumber } from '../http/query.rules.js'
import type { Edge } from '../http/edge.js'
import { EDGE } from '../tokens.js'
import { WAIT_MOST_SECONDS } from '../exchanges/prefer.rules.js'
import type { InboxItem } from './inbox-store.js'

type ById = FastifyRequest<{ Params: { id: string } }>

/** For holders in provinces that fetch: what is asked of them, and their answers. */
@Controller('v1/inbox')
export class InboxController {
  constructor(@Inject(EDGE) private readonly edge: Edge) {}

  @Get()
  async fetch(@Req() request: FastifyRequest<{ Querystring: { wait?: string; limit?: string } }>, @Res() reply: FastifyReply): Promise<void> {
    const province = this.#province(request)
    const wait = wholeNumber(request.query.wait, 'wait', { least: 0, most: WAIT_MOST_SECONDS, fallback: 0 })
    const limit = wholeNumber(request.query.limit, 'limit', { least: 1, most: 100, fallback: 20 })
    const items = await this.edge.drain.wait(this.edge.inbox.fetch(province.profile.code, limit, wait * 1000)) ?? []
    void reply.send({ items: items.map(shown) })
  }

  @Post(':id/ack')
  @HttpCode(204)
  async acknowledge(@Req() request: ById): Promise<void> {
    await this.edge.inbox.acknowledge(itemId(request), this.#province(request).profile.code)
  }

  @Post(':id/answer')
  @HttpCode(202)
  async answer(@Req() request: ById): Promise<{ id: string }> {
    const id = itemId(request)
    await this.edge.inbox.answer(id, this.#province(request), request.body instanceof Buffer ? request.body : Buffer.alloc(0), request.headers['content-type'])
    return { id }
  }

  #province({ principal }: FastifyRequest): Province {
    const province = principal.province === null ? undefined : this.edge.provinces.byCode(principal.province)
    if (!province || province.profile.endpoint.mode !== 'pull' || (principal.role !== 'holder' && principal.role !== 'both')) {
      throw new Failure('RIGHT_MISSING', [fault('RIGHT_MISSING', '', { zh: '该机构不以拉取方式应答', en: 'this participant does not answer by fetching' })])
    }
    return province
  }
}

const itemId = ({ params: { id } }: ById): string => {
  if (!isId(id)) throw new Failure('INBOX_ITEM_UNKNOWN')
  return id
}

/** The document as text; in base64 where its characters are not UTF-8, so that its bytes stay what they are. */
function shown(item: InboxItem): object {
  const base64 = /charset=(?!utf-8)/i.test(item.contentType)
  return {
    id: item.id, exchange: item.exchange, contentType: item.contentType, receivedAt: item.receivedAt.toISOString(), deadline: item.deadline?.toISOString(),
    document: item.document.toString(base64 ? 'base64' : 'utf8'), encoding: base64 ? 'base64' : 'utf-8',
    links: { ack: `/v1/inbox/${item.id}/ack`, answer: `/v1/inbox/${item.id}/answer` },
  }
}
