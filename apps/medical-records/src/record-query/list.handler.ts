import { Controller } from '@nestjs/common'
import { Handles, type Decision, type DecisionContext, type RequestBody } from '#messaging'
import { list, messageTypes, type ListRequest } from '#schemas'
import { accessFaults } from '../access.rules.js'
import { listRules } from './list.rules.js'
import { RecordQueryFlow } from './record-query.flow.js'
import type { RecordQueryState } from './record-query.state.js'

const TYPES = messageTypes(list)

/** What documents do the provinces hold that know the person for certain? */
@Controller()
export class ListHandler {
  constructor(private readonly flow: RecordQueryFlow) {}

  @Handles(TYPES.request)
  request(context: DecisionContext): Decision {
    const { request, targets } = context.body as RequestBody<ListRequest>
    const asker = { requester: request.requester, authorization: request.authorization }
    const found = this.flow.caseOf(context, list, 'list.request', asker)
    if ('outcome' in found) return found
    const { data } = found
    const about = { asker, personKey: data.personKey }
    const access = this.flow.access(context, list, about, data.subject!)
    if ('outcome' in access) return access

    const wanted = targets.length ? targets : Object.keys(data.resolved)
    const asked = wanted.filter(p => data.resolved[p])
    if (!asked.length) return this.flow.refuseState(context, list, 'NOT_RESOLVED', '/targets', { zh: '所选省份尚未确认患者身份', en: 'none of these provinces knows the person for certain' }, about)
    const categories = access.documentTypes ? (request.categories ?? access.documentTypes).filter(c => access.documentTypes!.includes(c)) : request.categories
    if (access.documentTypes && !categories?.length) return this.flow.refuse(context, list, 'NOT_NECESSARY', accessFaults(['NOT_NECESSARY']), { ...about, denied: ['NOT_NECESSARY'] })

    const holders = Object.fromEntries(asked.map(p => [p, data.resolved[p]!.patientIdentifier]))
    return this.flow.open(context, list, {
      data, asker, permit: access, state: found.state as RecordQueryState, holders, notResolved: wanted.filter(p => !data.resolved[p]),
      filtered: categories !== undefined || request.from !== undefined || request.to !== undefined,
      documents: Object.fromEntries(asked.map(p => [p, { ...request, ...(categories && { categories }), patientIdentifier: holders[p], targets: [p] }])),
    })
  }

  @Handles(TYPES.answer)
  answer(context: DecisionContext): Decision { return this.flow.answer(context, listRules) }
}
