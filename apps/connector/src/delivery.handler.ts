import { Controller, Inject } from '@nestjs/common'
import { completed, Failure, fault } from '#kernel'
import { Handles, type Decision, type DecisionContext, type DeliverBody } from '#messaging'
import type { Provinces } from '#provinces'
import { PROVINCES } from '#runtime'
import { exchange as definitionOf, EXCHANGES, messageTypes, topics, type ExchangeDefinition } from '#schemas'
import type { DeliveryDone } from './delivery.js'

const DELIVER = EXCHANGES.map(d => messageTypes(d).deliver)

/** Claims a delivery before it is made, and tells the domain what came of it. */
@Controller()
export class DeliveryHandler {
  constructor(@Inject(PROVINCES) private readonly provinces: Provinces) {}

  @Handles(DELIVER)
  deliver({ message, body }: DecisionContext): Decision {
    const delivery = body as DeliverBody
    const { province, exchange } = delivery
    if (!this.provinces.byCode(province)) throw new Failure('PROVINCE_UNKNOWN', [fault('PROVINCE_UNKNOWN', 'province')])
    return {
      outcome: completed, step: { what: 'claim', note: province },
      effects: [{ lane: province, key: message.caseId, what: 'deliver', input: delivery }],
      facts: [{ what: 'delivery.claimed', detail: { exchange, province } }],
    }
  }

  @Handles('connector.deliver.done')
  done({ message, body }: DecisionContext): Decision {
    const { exchange, answer, steps, versions } = body as DeliveryDone
    const definition = definitionOf(exchange) as ExchangeDefinition
    const { province, status, nativeDigest, lossCount, faults } = answer
    return {
      outcome: completed,
      emit: [{ topic: topics.domain(definition.domain), type: messageTypes(definition).answer, body: answer, versions, trail: [...message.trail, ...steps] }],
      facts: [{ what: 'delivery.ended', ...(nativeDigest && { digest: nativeDigest }), detail: { exchange, province, status, ...(lossCount !== undefined && { lossCount }), ...(faults?.[0] && { fault: faults[0].code }), ...(versions.mapping && { mapping: versions.mapping }) } }],
    }
  }
}
