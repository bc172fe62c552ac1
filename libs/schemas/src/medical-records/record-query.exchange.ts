import { defineExchange } from '../exchange.js'
import { dischargeSummary, labReport } from './document.schema.js'
import { discoverAnswer, discoverRequest, discoverResult, listAnswer, listRequest, listResult, retrieveFault, retrieveRequest } from './record-query.schema.js'

const common = {
  domain: 'medical-records', version: 1, purposes: ['TREAT', 'ETREAT', 'PUBHLTH', 'PATRQT'], sensitivity: 'health', orderingKey: 'case',
  deadlineMs: 120_000, targetDeadlineMs: 8_000, stepDeadlineMs: 5_000,
} as const

export const discover = defineExchange({
  ...common, name: 'discover', targets: 'sender',
  title: { zh: '跨省患者查询', en: 'Patient discovery' },
  summary: { zh: '询问哪些省份认识该患者（五种应答）', en: 'Asks which provinces know the patient; five answers are told apart' },
  request: discoverRequest, answer: [discoverAnswer], result: [discoverResult],
})
export const list = defineExchange({
  ...common, name: 'list', targets: 'case',
  title: { zh: '文档目录查询', en: 'Document list' },
  summary: { zh: '查询已确认身份的省份持有哪些文档', en: 'Asks the provinces that know the patient for certain which documents they hold' },
  request: listRequest, answer: [listAnswer], result: [listResult],
})
export const retrieve = defineExchange({
  ...common, name: 'retrieve', targets: 'sender',
  title: { zh: '文档调阅', en: 'Document retrieval' },
  summary: { zh: '调阅一份文档', en: 'Retrieves one document' },
  request: retrieveRequest, answer: [labReport, dischargeSummary, retrieveFault], result: [labReport, dischargeSummary, retrieveFault],
})
