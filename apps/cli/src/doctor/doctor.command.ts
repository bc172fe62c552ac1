import { Command } from 'commander'
import { EXIT } from '../command-failure.js'
import type { ConnectionOptions } from '../gateway/connection.js'
import { pad } from '../terminal/layout.rules.js'
import { style, tell } from '../terminal/print.js'
import { examine, type Finding } from './checks.js'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('look at the machine and the gateway, say what is wrong and what to do')
    .addHelpText('after', `
Looks at: Node, the embedded PostgreSQL, Java and Maven (for a local Kafka), DATABASE_URL and KAFKA_BROKERS, ports, whether
the gateway lives and is ready, and whether the key opens it. Only a red line makes the exit code 1; a yellow one limits
what can be run here.`)
    .action(async (_own: unknown, command: Command) => {
      const o = command.optsWithGlobals<ConnectionOptions & { json?: boolean }>()
      const findings = await examine(o)
      tell(o.json, findings, lines)
      if (findings.some(f => f.state === 'bad')) process.exitCode = EXIT.failed
    })
}

const MARK = { good: style.good('✓'), limited: style.warn('!'), bad: style.bad('✗') }
const lines = (findings: readonly Finding[]): string[] =>
  findings.flatMap(f => [`${MARK[f.state]} ${pad(f.what, 20)} ${f.found}`, ...(f.todo ? [`  ${' '.repeat(20)} ${style.quiet('→')} ${f.todo}`] : [])])
