import { ENVELOPE_MAX_BYTES } from '#messaging'
import { startService, type StartApp } from '#runtime'
import { topics } from '#schemas'
import { Delivery } from './delivery.js'
import { DeliveryHandler } from './delivery.handler.js'

/** A canonical answer is larger than its native form, and the message that carries it must still fit. */
const ANSWER_MAX_BYTES = ENVELOPE_MAX_BYTES / 8

/** The only part that calls provinces' systems. Each province that takes pushes has its own topic, in-flight limit and breaker. */
export const start: StartApp = async context => {
  const { provinces, clock } = context
  const pushed = provinces.all.filter(p => p.profile.endpoint.mode === 'push').map(p => p.profile.code)
  const delivery = new Delivery({ provinces, provinceUrl: code => context.provinceUrl(code), clock, answerMaxBytes: ANSWER_MAX_BYTES })
  const service = await startService(context, {
    name: 'connector', topics: pushed.map(code => topics.deliveries(code)), controllers: [DeliveryHandler], effects: { performer: delivery, limitOf: delivery.limitOf }, tuning: { stateless: true },
  })
  return {
    name: service.name,
    async close() {
      await service.close()
      await delivery.close()
    },
  }
}
