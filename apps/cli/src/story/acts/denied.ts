import { withoutConsent, withoutPurpose } from '../request-edits.rules.js'
import type { Stage } from '../stage.js'
import { received, refusal } from './telling.js'

/** Nothing leaves without a purpose, a ground and a right. The default is no. */
export async function denied({ asker, narrator, request, keyWithoutRight }: Stage): Promise<void> {
  narrator.act('四、默认拒绝', 'The default is no')
  const ask = (zh: string, en: string, document: string, codes: readonly string[], message = 'discover', headers: Readonly<Record<string, string>> = {}) => narrator.step(zh, en, async () => {
    const reply = await asker.ask(message, document, { headers })
    const told = [reply.problem?.code, ...(reply.problem?.faults ?? []).map(f => f.code)]
    return { asTold: reply.status >= 400 && codes.some(c => told.includes(c)), exchange: reply.exchange, found: [received(reply), ...refusal(reply)] }
  })
  const document = request('discover-patient-x')
  await ask('没有使用目的', 'No purpose of use', withoutPurpose(document), ['PURPOSE_MISSING'])
  await ask('没有知情同意，也没有法律依据', 'Neither consent nor a legal basis', withoutConsent(document), ['BASIS_MISSING'])
  if (keyWithoutRight !== undefined) await ask('没有权限的机构', 'A participant without the right', document, ['RIGHT_MISSING'], 'discover', { authorization: `Bearer ${keyWithoutRight}` })
  await ask('未经查询就调阅', 'A document of a person nobody asked for', request('retrieve-lab-report'), ['STATE_FORBIDS'], 'retrieve')
  await ask('密钥无效', 'A key that opens nothing', document, ['NOT_AUTHENTICATED'], 'discover', { authorization: 'Bearer tq_not-a-key' })
}
