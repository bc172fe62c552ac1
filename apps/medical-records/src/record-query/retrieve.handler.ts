import { Controller } from '@nestjs/common'
import { Handles, type Decision, type DecisionContext, type RequestBody } from '#messaging'
import { messageTypes, retrieve, type RetrieveRequest } from '#schemas'
import { accessFaults } from '../access.rules.js'
import { isCovered } from './list.rules.js'
import { RecordQueryFlow } from './record-query.flow.js'
import { advance, type RecordQueryState } from './record-query.state.js'
import { retrieveRules } from './retrieve.rules.js'

const TYPES = messageTypes(retrieve)
const NOT_CURRENT = {
  superseded: { reason: 'DOCUMENT_SUPERSEDED', zh: '文档已被替代', en: 'the document was superseded' },
  'entered-in-error': { reason: 'DOCUMENT_VOIDED', zh: '文档已作废', en: 'the document was voided' },
} as const

/** One document that the case's list knows, from the province that listed it. */
@Controller()
export class RetrieveHandler {
  constructor(private readonly flow: RecordQueryFlow) {}

  @Handles(TYPES.request)
  request(context: DecisionContext): Decision {
    const { request, targets } = context.body as RequestBody<RetrieveRequest>
    const asker = { requester: request.requester, authorization: request.authorization }
    const found = this.flow.caseOf(context, retrieve, 'retrieve.request', asker)
    if ('outcome' in found) return found
    const { data } = found
    const about = { asker, personKey: data.personKey }
    const access = this.flow.access(context, retrieve, about, data.subject!)
    if ('outcome' in access) return access

    const province = targets[0] ?? request.targets[0]!
    const { documentId } = request
    const holder = data.resolved[province]
    const known = data.documents[province]
    // an id is the sender's text: one that objects carry by nature is no listed document
    const listed = holder && known && Object.hasOwn(known, documentId) ? known[documentId] : undefined
    if (!holder || !listed) return this.flow.refuseState(context, retrieve, 'DOCUMENT_NOT_LISTED', '/documentId', { zh: '该省的文档目录中没有此文档', en: 'the list of that province does not name the document' }, about)
    if (listed.status !== 'current') return this.flow.refuseState(context, retrieve, NOT_CURRENT[listed.status].reason, '/documentId', NOT_CURRENT[listed.status], about)
    if (!isCovered(listed.type, access.documentTypes)) return this.flow.refuse(context, retrieve, 'NOT_NECESSARY', accessFaults(['NOT_NECESSARY']), { ...about, denied: ['NOT_NECESSARY'] })

    return this.flow.open(context, retrieve, {
      data, asker, permit: access, documentId, state: advance(found.state as RecordQueryState, 'retrieve.request')!, holders: { [province]: holder.patientIdentifier },
      documents: { [province]: { ...request, patientIdentifier: holder.patientIdentifier, targets: [province] } },
    })
  }

  @Handles(TYPES.answer)
  answer(context: DecisionContext): Decision { return this.flow.answer(context, retrieveRules) }
}
