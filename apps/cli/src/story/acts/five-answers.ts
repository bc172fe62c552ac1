import type { DiscoverResult } from '#schemas'
import { discoverLines } from '../findings.rules.js'
import type { Stage } from '../stage.js'
import { provinceName, received, refusal } from './telling.js'

type Expectation = (result: DiscoverResult) => boolean
const says = (result: DiscoverResult, answer: string): boolean => result.provinces.some(p => p.answer === answer)
const nothingTold = (result: DiscoverResult): boolean => result.provinces.every(p => p.patient === undefined)

/** Discovery knows five distinct answers (IHE ITI-55); one match was told before. Only a certain match tells anything of a person. */
export async function fiveAnswers({ asker, narrator, request, simulators }: Stage): Promise<void> {
  narrator.act('二、五种应答各不相同', 'Five answers that are told apart')
  const ask = (zh: string, en: string, file: string, expected: Expectation) => narrator.step(zh, en, async () => {
    const reply = await asker.ask('discover', request(file))
    if (reply.status !== 200 || !reply.exchange) return { asTold: false, exchange: reply.exchange, found: [received(reply), ...refusal(reply)] }
    const result = await asker.canonical<DiscoverResult>(reply.exchange)
    return { asTold: expected(result), exchange: reply.exchange, found: discoverLines(result, provinceName) }
  })
  await ask('多个候选：同名同姓者不止一人', 'Several: more than one record may be the person', 'discover-patient-y', r => says(r, 'several') && nothingTold(r))
  await ask('需要更多信息', 'More attributes wanted', 'discover-patient-n', r => says(r, 'need-attributes') && nothingTold(r))
  await ask('查无此人', 'None: nobody knows the person', 'discover-patient-u', r => r.complete && r.provinces.every(p => p.answer === 'none'))
  await ask('号码相同、姓名不同：转人工核实，不披露', 'Same number, other name: for review, nothing is disclosed', 'discover-patient-m', r => r.provinces.some(p => p.certainty === 'review') && nothingTold(r))
  if (!simulators) return
  await simulators.while('360000', { fault: true }, () => ask('江西系统报告故障', 'Fault: Jiangxi’s system reports trouble', 'discover-patient-x', r => says(r, 'fault') && !r.complete))
}
