import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { parse } from 'yaml'
import { EXIT, unusable } from '../command-failure.js'
import { connectionOf, type ConnectionOptions } from '../gateway/connection.js'
import { GatewayClient, refused, type Answer } from '../gateway/gateway-client.js'
import { printJson, style } from '../terminal/print.js'
import { EXTENSIONS, contentTypeOf, exchangeRouteOf, headerOf, headersFileOf } from './content-type.rules.js'

interface SendOptions extends ConnectionOptions {
  readonly exchange: string
  readonly wait?: string | boolean
  readonly type?: string
  readonly accept?: string
  readonly header: readonly string[]
  readonly headers?: string
  readonly case?: string
  readonly idempotencyKey?: string
  readonly out?: string
  readonly json?: boolean
}

const collect = (value: string, before: readonly string[]): string[] => [...before, value]

export function sendCommand(): Command {
  return new Command('send')
    .description('send one document in its own dialect')
    .argument('<file>', 'the document, byte for byte as its system made it')
    .requiredOption('--exchange <name>', 'what it is, e.g. medical-records.discover (GET /v1/catalog lists them)')
    .option('--wait [seconds]', 'wait for the reply and print it (default 10, at most 30)')
    .option('--type <content-type>', `its Content-Type (default: by the extension ${EXTENSIONS.join(', ')})`)
    .option('--accept <content-type>', 'format of the reply, e.g. application/fhir+json (default: the sender’s own dialect)')
    .option('--case <id>', 'the case it belongs to: the id that `discover` answered with')
    .option('--idempotency-key <key>', 'the same key with the same bytes is answered by the first exchange')
    .option('-H, --header <name: value>', 'one more header; may be repeated', collect, [])
    .option('--headers <file>', 'YAML with headers (default: <file>.headers.yaml beside the document, when it is there)')
    .option('--out <file>', 'write the reply’s bytes to this file')
    .addHelpText('after', `
Examples:
  cd libs/provinces
  tongqu send fujian/fixtures/requests/discover-patient-x.xml --exchange medical-records.discover --as ningde-hospital --wait
  tongqu send fujian/fixtures/requests/list-patient-x.xml --exchange medical-records.list --case <case> --as ningde-hospital --wait
  tongqu send jiangxi/fixtures/requests/discover-patient-x.csv --exchange medical-records.discover --as shangrao-hospital --wait 20

Without --wait the answer is the exchange’s id at once; \`tongqu trace <id>\` follows it. A flat file cannot carry purpose,
requester and targets: they travel as headers, here from the YAML file beside it.`)
    .action(async (file: string, _own: unknown, command: Command) => send(file, command.optsWithGlobals<SendOptions>()))
}

async function send(file: string, o: SendOptions): Promise<void> {
  const route = exchangeRouteOf(o.exchange)
  if (!route) throw unusable(`${o.exchange} is no name of an exchange.`, 'It looks like medical-records.discover.')
  const bytes = readDocument(file)
  const seconds = o.wait === undefined || o.wait === false ? undefined : o.wait === true ? 10 : Number(o.wait)
  if (seconds !== undefined && !(seconds > 0 && seconds <= 30)) throw unusable('--wait takes 1 to 30 seconds.')
  const headers = headersFor(file, o)
  if (seconds !== undefined) headers.prefer = `wait=${seconds}`
  const client = new GatewayClient(connectionOf(o, {}))
  const answer = await client.call(route, { method: 'POST', headers, body: bytes, timeoutMs: ((seconds ?? 0) + 30) * 1000 })
  if (answer.status >= 400) throw refused(answer)
  report(answer, o)
}

function readDocument(file: string): Buffer {
  try { return readFileSync(file) } catch (error) { throw unusable(`${file} cannot be read: ${(error as Error).message}`, undefined, error) }
}

function headersFor(file: string, o: SendOptions): Record<string, string> {
  const type = o.type ?? contentTypeOf(file)
  if (!type) throw unusable(`The dialect of ${file} is not clear from its name.`, 'Say it: --type "text/csv; charset=GB18030"')
  const headers: Record<string, string> = {}
  const beside = o.headers ?? headersFileOf(file)
  if (o.headers !== undefined || existsSync(beside)) for (const [name, value] of Object.entries(readHeaders(beside))) headers[name.toLowerCase()] = String(value)
  headers['content-type'] = type
  if (o.accept) headers.accept = o.accept
  if (o.case) headers['tongqu-case'] = o.case
  if (o.idempotencyKey) headers['idempotency-key'] = o.idempotencyKey
  for (const text of o.header) {
    const header = headerOf(text)
    if (!header) throw unusable(`"${text}" is no header.`, 'A header looks like "Tongqu-Purpose: TREAT".')
    headers[header[0].toLowerCase()] = header[1]
  }
  return headers
}

function readHeaders(file: string): Record<string, unknown> {
  try {
    return (parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>
  } catch (error) {
    throw unusable(`${file} cannot be read: ${(error as Error).message}`, undefined, error)
  }
}

/** The reply’s text where it can be shown; GB18030 is decoded for the eye alone. */
export function replyText(answer: Pick<Answer, 'bytes' | 'headers'>): string {
  const charset = /charset=([\w-]+)/i.exec(answer.headers.get('content-type') ?? '')?.[1] ?? 'utf-8'
  return new TextDecoder(charset).decode(answer.bytes)
}

function report(answer: Answer, o: SendOptions): void {
  const location = answer.headers.get('location') ?? answer.headers.get('content-location') ?? undefined
  const exchange = /\/v1\/exchanges\/([0-9a-f-]{36})/.exec(location ?? '')?.[1]
  const replied = answer.status === 200
  if (o.out && replied) writeFileSync(o.out, answer.bytes)
  if (o.json) {
    printJson({ status: answer.status, exchange, case: answer.headers.get('tongqu-case') ?? undefined, contentType: answer.headers.get('content-type'), reply: replied ? answer.json ?? replyText(answer) : undefined, accepted: replied ? undefined : answer.json })
    return
  }
  console.error(replied ? style.good('answered') : style.warn(answer.status === 202 ? 'accepted, the reply is not there yet' : `HTTP ${answer.status}`), exchange ? style.quiet(`exchange ${exchange} · tongqu trace ${exchange}`) : '')
  if (replied && !o.out) console.log(replyText(answer))
  if (answer.status === 202 && o.wait !== undefined) process.exitCode = EXIT.failed
}
