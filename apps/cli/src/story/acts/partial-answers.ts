import type { DiscoverResult } from '#schemas'
import { discoverLines } from '../findings.rules.js'
import type { Stage } from '../stage.js'
import type { Switches } from '../simulators.js'
import { provinceName, received, refusal } from './telling.js'

/** A province that is slow or down is named; the others’ answers arrive all the same. */
export async function partialAnswers({ asker, narrator, request, simulators }: Stage): Promise<void> {
  narrator.act('三、有省份缺席：部分结果，并写明缺谁', 'A province is missing: the answer is partial and says who')
  if (!simulators) { narrator.line('    （没有模拟省系统，略过 no pretend provinces here: left out）'); return }
  const ask = (zh: string, en: string, province: string, switches: Switches, reason: string) => simulators.while(province, switches, () => narrator.step(zh, en, async () => {
    const reply = await asker.ask('discover', request('discover-patient-x'))
    if (reply.status !== 200 || !reply.exchange) return { asTold: false, exchange: reply.exchange, found: [received(reply), ...refusal(reply)] }
    const result = await asker.canonical<DiscoverResult>(reply.exchange)
    const journey = await asker.journey(reply.exchange)
    const asTold = !result.complete && journey.partial === true && result.missing.length === 1 && result.missing[0]!.province === province && result.missing[0]!.reason === reason && result.provinces.length === 1
    return { asTold, exchange: reply.exchange, found: [received(reply), ...discoverLines(result, provinceName)] }
  }))
  await ask('江西停机', 'Jiangxi is down', '360000', { down: 'unavailable' }, 'UNAVAILABLE')
  await ask('浙江很慢（超过时限才答）', 'Zhejiang is slow, beyond its time limit', '330000', { slowMs: 20_000 }, 'TIMEOUT')
}
