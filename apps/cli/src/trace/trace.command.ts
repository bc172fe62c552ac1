import { Command } from 'commander'
import { connectionOf, type ConnectionOptions } from '../gateway/connection.js'
import { GatewayClient } from '../gateway/gateway-client.js'
import { duration } from '../terminal/layout.rules.js'
import { style, tell } from '../terminal/print.js'
import { journeyMs, timelineLines, type Journey } from './timeline.rules.js'

export function traceCommand(): Command {
  return new Command('trace')
    .description('show the journey of one exchange: who did what, how long it took, with which versions')
    .argument('<exchange>', 'id of the exchange, as answered by `send` or in the header Location')
    .addHelpText('after', `
Examples:
  tongqu trace 0193c0de-0000-7000-8000-000000000001
  tongqu trace <id> --json | jq '.steps[] | {by, what, ms}'

An operator sees every exchange, a participant its own. A step’s bar shows when it ran within the whole journey;
a duration in yellow took a third of it or more.`)
    .action(async (id: string, _own: unknown, command: Command) => {
      const o = command.optsWithGlobals<ConnectionOptions & { json?: boolean }>()
      const client = new GatewayClient(connectionOf(o, 'operator'))
      tell(o.json, await client.json<Journey>(`/v1/exchanges/${encodeURIComponent(id)}`), journeyLines)
    })
}

export function journeyLines(j: Journey): string[] {
  const state = j.state === 'COMPLETED' ? (j.partial ? style.warn('COMPLETED, partial') : style.good('COMPLETED')) : j.state === 'OPEN' ? style.warn('OPEN') : style.bad(j.state)
  const about = [
    j.caseId && `case ${j.caseId}`, j.participantId && `from ${j.participantId}${j.province ? ` (${j.province})` : ''}`, j.targets?.length && `to ${j.targets.join(', ')}`,
    j.purpose && `purpose ${j.purpose}`, j.attempt ? `emitted again ${j.attempt} ×` : '',
  ].filter(Boolean)
  const versions = Object.entries(j.versions ?? {}).map(([what, version]) => `${what} ${version}`)
  return [
    `${style.title(j.exchange)}  ${state}  ${style.strong(duration(journeyMs(j)))}  ${style.quiet(j.id)}`,
    style.quiet(about.join(' · ')),
    ...(versions.length ? [style.quiet(versions.join(' · '))] : []),
    '',
    ...timelineLines(j, { by: style.part, quiet: style.quiet, strong: style.strong, warn: style.warn }),
    ...(j.faults?.length ? ['', ...j.faults.map(f => `${style.bad(f.code)}  ${f.pointer}  ${f.zh} ${style.quiet(f.en)}`)] : []),
  ]
}
