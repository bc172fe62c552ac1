import { Controller } from '@nestjs/common'
import { fault } from '#kernel'
import { Handles, type Decision, type DecisionContext, type RequestBody } from '#messaging'
import { discover, messageTypes, type DiscoverRequest } from '#schemas'
import { discoverRules } from './discover.rules.js'
import { KIND, newCase } from './record-query.case.js'
import { RecordQueryFlow, type RecordQueryCase } from './record-query.flow.js'
import { advance, type RecordQueryState } from './record-query.state.js'

const TYPES = messageTypes(discover)

/** Which provinces know the person? Opens a case, or asks further in one's own case about the same person. */
@Controller()
export class DiscoverHandler {
  constructor(private readonly flow: RecordQueryFlow) {}

  @Handles(TYPES.request)
  request(context: DecisionContext): Decision {
    const { request, sender, targets } = context.body as RequestBody<DiscoverRequest>
    const asker = { requester: request.requester, authorization: request.authorization }
    const personKey = this.flow.personKey(request.person, context.now)
    const about = { asker, personKey }

    let existing: RecordQueryCase | undefined
    if (context.case) {
      const usable = this.flow.caseOf(context, discover, 'discover.request', asker)
      if ('outcome' in usable) return usable
      if (usable.data.personKey !== personKey) return this.flow.refuseState(context, discover, 'OTHER_PERSON', '/person', { zh: '该业务属于另一位患者', en: 'the case is about another person' }, about)
      existing = usable
    }
    const faults = targets.length ? this.flow.unknownProvinces(targets) : [fault('FIELD_MISSING', '/targets')]
    if (faults[0]) return this.#refused(this.flow.refuse(context, discover, faults[0].code, faults, about), existing, sender.participantId, personKey)
    const access = this.flow.access(context, discover, about, request.person)
    if ('outcome' in access) return this.#refused(access, existing, sender.participantId, personKey)

    return this.flow.open(context, discover, {
      asker, permit: access,
      data: existing ? { ...existing.data, subject: request.person } : newCase(sender.participantId, personKey, request.person),
      state: existing ? advance(existing.state as RecordQueryState, 'discover.deliver')! : advance('NEW', 'discover.request', 'permit', 'discover.deliver')!,
      // a province need not know who else is asked
      documents: Object.fromEntries(targets.map(province => [province, { ...request, targets: [province] }])),
    })
  }

  @Handles(TYPES.answer)
  answer(context: DecisionContext): Decision { return this.flow.answer(context, discoverRules) }

  /** A refused opening leaves a denied case that keeps nothing of the person; a later refusal leaves the case as it is. */
  #refused(refusal: Decision, existing: RecordQueryCase | undefined, owner: string, personKey: string): Decision {
    return existing ? refusal : { ...refusal, next: { kind: KIND, state: advance('NEW', 'discover.request', 'deny')!, data: newCase(owner, personKey, null), dueAt: null } }
  }
}
