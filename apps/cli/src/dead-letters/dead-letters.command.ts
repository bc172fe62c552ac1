import { Command, Option } from 'commander'
import { connectionOf, type ConnectionOptions } from '../gateway/connection.js'
import { GatewayClient } from '../gateway/gateway-client.js'
import { table } from '../terminal/layout.rules.js'
import { style, tell } from '../terminal/print.js'

/** A message that could not be handled, without its content: that stays sealed with the service. */
interface DeadLetter {
  readonly id: string
  readonly service: string
  readonly type: string
  readonly code: string
  readonly faults: readonly { readonly code: string; readonly pointer: string; readonly zh: string; readonly en: string }[]
  readonly digest: string
  readonly exchangeId: string
  readonly caseId: string
  readonly status: string
  readonly at: string
}

const operatorOf = (command: Command): { client: GatewayClient; json?: boolean } => {
  const o = command.optsWithGlobals<ConnectionOptions & { json?: boolean }>()
  return { client: new GatewayClient(connectionOf(o, 'operator')), json: o.json }
}
const path = (id: string, ...rest: string[]): string => ['/v1/dead-letters', encodeURIComponent(id), ...rest].join('/')

export function deadLettersCommand(): Command {
  const list = new Command('list').description('what waits for an operator')
    .addOption(new Option('--status <status>', 'which').choices(['OPEN', 'REPLAYED']).default('OPEN'))
    .action(async (own: { status: string }, command: Command) => {
      const { client, json } = operatorOf(command)
      const { deadLetters } = await client.json<{ deadLetters: DeadLetter[] }>(`/v1/dead-letters?status=${own.status}`)
      tell(json, deadLetters, all => (all.length
        ? table(['id', 'at', 'service', 'message', 'why', 'case'], all.map(d => [d.id, d.at, d.service, d.type, d.code, d.caseId]))
        : [style.good(own.status === 'OPEN' ? 'No case waits for an operator.' : 'None was replayed.')]))
    })
  const show = new Command('show').description('one dead letter: what is wrong, and where').argument('<id>').action(async (id: string, _own: unknown, command: Command) => {
    const { client, json } = operatorOf(command)
    tell(json, await client.json<DeadLetter>(path(id)), d => [
      `${style.title(d.type)}  ${d.status === 'OPEN' ? style.bad(d.status) : style.good(d.status)}  ${style.quiet(d.id)}`,
      style.quiet(`${d.at} · ${d.service} · exchange ${d.exchangeId} · case ${d.caseId} · SHA-256 ${d.digest}`), '',
      ...d.faults.map(f => `${style.bad(f.code)}  ${f.pointer}  ${f.zh} ${style.quiet(f.en)}`), '',
      d.status === 'OPEN' ? `The case waits; others flow. Once the cause is gone: tongqu dead-letters replay ${d.id}` : `tongqu trace ${d.exchangeId}`,
    ])
  })
  const replay = new Command('replay').description('handle it once more, now that the cause is gone; the case flows again when it succeeds').argument('<id...>').action(async (ids: string[], _own: unknown, command: Command) => {
    const { client, json } = operatorOf(command)
    const asked: string[] = []
    for (const id of ids) { await client.send('POST', path(id, 'replay')); asked.push(id) }
    tell(json, { asked }, r => r.asked.map(id => `${style.good('asked')}  ${id}  ${style.quiet(`tongqu dead-letters show ${id}`)}`))
  })
  return new Command('dead-letters').description('messages that could not be handled: each blocks its own case alone, until an operator replays it')
    .addCommand(list).addCommand(show).addCommand(replay)
    .addHelpText('after', `
Examples:
  tongqu dead-letters list
  tongqu dead-letters show 0193c0de-0000-7000-8000-000000000001
  tongqu dead-letters replay 0193c0de-0000-7000-8000-000000000001

The list holds reference, digest and reasons, never content: the message itself stays sealed with the service. Every
replay is written down with the operator who asked for it.`)
}
