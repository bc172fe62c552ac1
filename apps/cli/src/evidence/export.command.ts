import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { EXIT } from '../command-failure.js'
import { connectionOf, type ConnectionOptions } from '../gateway/connection.js'
import { GatewayClient, refused } from '../gateway/gateway-client.js'
import { style } from '../terminal/print.js'

export function evidenceCommand(): Command {
  const exporting = new Command('export')
    .description('the evidence rows of every service, one JSON object a line (NDJSON)')
    .option('--out <file>', 'write to this file (default: standard output)')
    .option('--exchange <id>', 'only the rows of this exchange; alone they show no unbroken chain')
    .action(async (own: { out?: string; exchange?: string }, command: Command) => {
      const client = new GatewayClient(connectionOf(command.optsWithGlobals<ConnectionOptions>(), 'operator'))
      const answer = await client.call(`/v1/evidence${own.exchange ? `?exchange=${encodeURIComponent(own.exchange)}` : ''}`, { timeoutMs: 300_000, headers: { accept: 'application/x-ndjson' } })
      if (answer.status !== 200) throw refused(answer)
      if (own.out === undefined) process.stdout.write(answer.bytes)
      else writeFileSync(own.out, answer.bytes)
      const rows = answer.bytes.reduce((n, byte) => n + (byte === 0x0a ? 1 : 0), 0)
      const missing = answer.headers.get('tongqu-missing')
      if (missing) {
        console.error(style.warn(`Not complete: ${missing} did not answer; their latest rows are not in it.`))
        process.exitCode = EXIT.failed
      }
      console.error(style.quiet(`${rows} rows${own.out === undefined ? '' : ` in ${own.out} · check them anywhere: tongqu verify ${own.out}`}`))
    })
  return new Command('evidence').description('what can be proven afterwards: chained digests of every step')
    .addCommand(exporting)
    .addHelpText('after', `
Examples:
  tongqu evidence export --out evidence.ndjson
  tongqu verify evidence.ndjson --exchange <id>`)
}
