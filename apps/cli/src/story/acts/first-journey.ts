import type { DiscoverResult, DocumentBundle, ListResult } from '#schemas'
import { journeyLines } from '../../trace/trace.command.js'
import { dialectLines, discoverLines, documentLines, listLines } from '../findings.rules.js'
import type { Stage } from '../stage.js'
import { provinceName, received, refusal } from './telling.js'

/** Discovery, list, a lab report of Zhejiang, a discharge summary of Jiangxi, and the trace of it. */
export async function firstJourney({ asker, operator, narrator, request }: Stage): Promise<void> {
  narrator.act('一、病历跨越省界', 'A record crosses the border')
  let caseId: string | undefined
  await narrator.step('宁德医生询问：浙江、江西是否认识患者 X？', 'A clinician in Ningde asks Zhejiang and Jiangxi for patient X', async () => {
    const reply = await asker.ask('discover', request('discover-patient-x'))
    if (reply.status !== 200 || !reply.exchange) return { asTold: false, exchange: reply.exchange, found: [received(reply), ...refusal(reply)] }
    caseId = reply.exchange
    const result = await asker.canonical<DiscoverResult>(reply.exchange)
    const asTold = result.complete && result.provinces.length === 2 && result.provinces.every(p => p.answer === 'match' && p.certainty === 'certain')
    return { asTold, exchange: reply.exchange, found: [received(reply), ...dialectLines(await asker.journey(reply.exchange), provinceName), ...discoverLines(result, provinceName)] }
  })
  await narrator.step('两省各有哪些文档？', 'Which documents do they hold?', async () => {
    const reply = await asker.ask('list', request('list-patient-x'), { caseId })
    if (reply.status !== 200 || !reply.exchange) return { asTold: false, exchange: reply.exchange, found: [received(reply), ...refusal(reply)] }
    const result = await asker.canonical<ListResult>(reply.exchange)
    const asTold = result.complete && result.provinces.length === 2 && result.provinces.every(p => p.documents.length > 0)
    return { asTold, exchange: reply.exchange, found: [received(reply), ...listLines(result, provinceName)] }
  })
  const retrieve = (zh: string, en: string, file: string) => narrator.step(zh, en, async () => {
    const reply = await asker.ask('retrieve', request(file), { caseId })
    if (reply.status !== 200 || !reply.exchange) return { asTold: false, exchange: reply.exchange, found: [received(reply), ...refusal(reply)] }
    const bundle = await asker.canonical<DocumentBundle>(reply.exchange, 'application/fhir+json')
    const asTold = reply.contentType.includes('xml') && reply.bytes.includes('ClinicalDocument') && bundle.resourceType === 'Bundle'
    return { asTold, exchange: reply.exchange, found: [`${received(reply)}  福建 CDA`, `  同一文档 the same as application/fhir+json  Bundle, ${bundle.entry.length} resources`, ...documentLines(bundle)] }
  })
  await retrieve('调阅浙江的检验报告（浙江 JSON → 福建 CDA）', 'A lab report of Zhejiang, delivered in Fujian’s dialect', 'retrieve-lab-report')
  await retrieve('调阅江西的出院小结（江西 GB18030 → 福建 CDA）', 'A discharge summary of Jiangxi, delivered in Fujian’s dialect', 'retrieve-discharge-summary')
  await narrator.step('这份文档走过的每一步', 'Every step of that journey', async () => {
    const last = narrator.told.at(-1)?.exchange
    if (last === undefined) return { asTold: false, found: ['没有可追踪的交换 there is no exchange to trace'] }
    const journey = await asker.journey(last)
    return { asTold: journey.state === 'COMPLETED' && journey.steps.length >= 4, exchange: last, found: journeyLines(journey) }
  })
  await narrator.step('患者可以看到谁查阅了什么', 'The patient can see who looked, and why', async () => {
    const last = narrator.told.at(-1)?.exchange
    const { accessNotices } = await operator.json<{ accessNotices: AccessNotice[] }>(`/v1/access-notices?exchange=${last ?? ''}`)
    return { asTold: accessNotices.length === 1, exchange: last, found: accessNotices.map(n => `${n.at.slice(0, 19)}Z  ${n.organization.name}  ${n.purpose}  ${n.what}  ← ${n.provinces.map(provinceName).join('、')}`) }
  })
}

interface AccessNotice { readonly at: string; readonly organization: { readonly name: string }; readonly purpose: string; readonly what: string; readonly provinces: readonly string[] }
