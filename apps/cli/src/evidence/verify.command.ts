import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Command } from 'commander'
import type { EvidenceRow } from '#security'
import { EXIT, unusable } from '../command-failure.js'
import { table } from '../terminal/layout.rules.js'
import { style, tell } from '../terminal/print.js'
import { exchangeProof, explainFlaw, readExportLine } from './verification.rules.js'

export function verifyCommand(): Command {
  return new Command('verify')
    .description('check an exported evidence chain offline: no gateway, no key, no network')
    .argument('<export>', 'file made by `tongqu evidence export`; `-` reads standard input')
    .option('--exchange <id>', 'show what the chains say of this exchange, too')
    .addHelpText('after', `
Examples:
  tongqu evidence export --out evidence.ndjson && tongqu verify evidence.ndjson
  tongqu verify evidence.ndjson --exchange 0193c0de-0000-7000-8000-000000000001

Each row’s hash covers its content and the hash of the row before it, so a row that was changed, left out, doubled or put
in is named. What no chain can show by itself is an end that was cut off: compare the head printed here with the head
that somebody else noted (each export names it).`)
    .action(async (file: string, own: { exchange?: string }, command: Command) => {
      const { rows, unreadable } = await readExport(file)
      // only here: the rest of that library belongs to the gateway and would slow every other command
      const { verifyChains } = await import('#security')
      const { chains, flaws } = verifyChains(rows)
      const sound = !flaws.length && !unreadable.length && rows.length > 0
      const proof = own.exchange === undefined ? undefined : exchangeProof(rows, flaws, own.exchange)
      const report = { sound, rows: rows.length, chains, unreadable, flaws: flaws.map(f => ({ ...f, explanation: explainFlaw(f) })), ...(proof && { exchange: { id: own.exchange, proof } }) }
      tell(command.optsWithGlobals<{ json?: boolean }>().json, report, reportLines)
      if (!sound || proof?.length === 0) process.exitCode = EXIT.failed
    })
}

interface Report {
  readonly sound: boolean
  readonly rows: number
  readonly chains: readonly { readonly chain: string; readonly from: number; readonly to: number; readonly head: string }[]
  readonly unreadable: readonly { readonly line: number; readonly why: string }[]
  readonly flaws: readonly { readonly explanation: string }[]
  readonly exchange?: { readonly id?: string; readonly proof: ReturnType<typeof exchangeProof> }
}

function reportLines(r: Report): string[] {
  const lines = [...table(['chain', 'rows', 'head'], r.chains.map(c => [c.chain, c.from === 1 ? `1 – ${c.to}` : `${c.from} – ${c.to} (the rows before ${c.from} are taken on trust)`, c.head])), '']
  if (r.exchange) {
    lines.push(style.title(`exchange ${r.exchange.id}`))
    if (!r.exchange.proof.length) lines.push(style.bad('  no row speaks of it'))
    for (const { row, flaws } of r.exchange.proof) {
      lines.push(`  ${flaws.length ? style.bad('✗') : style.good('✓')} ${row.at}  ${row.chain} ${row.n}  ${style.strong(row.what)}  ${row.digest.slice(0, 16)}…  ${style.quiet(row.detail ?? '')}`)
    }
    lines.push('')
  }
  for (const u of r.unreadable) lines.push(style.bad(`line ${u.line} ${u.why}`))
  for (const f of r.flaws) lines.push(style.bad(f.explanation))
  lines.push(!r.rows && !r.unreadable.length ? style.bad('There is no row in it.') : r.sound ? style.good(`${r.rows} rows, all intact`) : style.bad(`not intact: ${r.flaws.length + r.unreadable.length} places in ${r.rows} rows`))
  return lines
}

async function readExport(file: string): Promise<{ rows: EvidenceRow[]; unreadable: { line: number; why: string }[] }> {
  const rows: EvidenceRow[] = []
  const unreadable: { line: number; why: string }[] = []
  let number = 0
  try {
    for await (const text of createInterface({ input: file === '-' ? process.stdin : createReadStream(file), crlfDelay: Infinity })) {
      const line = readExportLine(text, ++number)
      if (line?.ok) rows.push(line.row)
      else if (line) unreadable.push({ line: line.line, why: line.why })
    }
  } catch (error) {
    throw unusable(`${file} cannot be read: ${(error as Error).message}`, undefined, error)
  }
  return { rows, unreadable }
}
