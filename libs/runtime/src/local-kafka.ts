import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { brokerReady } from '#messaging'
import { silentLogger } from '#observability'
import { guard, type Guard } from './guard.js'
import { checkJava, defaultJarsDir, fetchJars } from './local-kafka-tools.js'
import { freePort, isFree } from './ports.js'

const run = promisify(execFile)
const HOST = '127.0.0.1'
const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 10_000

export interface LocalKafkaOptions {
  /** Holds the broker's data, settings and log. */
  readonly dir: string
  /** Of the broker on 127.0.0.1; default: a free one, the same again at the next start. */
  readonly port?: number
  /** Folder of the broker's jars; default: fetched once for this user. */
  readonly jars?: string
  readonly onProgress?: (text: string) => void
}

/**
 * Starts a single-node Apache Kafka on 127.0.0.1 that ends within seconds after this process, however that ends. Its data are of passing
 * value: what matters is in PostgreSQL.
 * @throws KafkaUnavailable when Java or Maven is missing; Error with the end of the broker's log when it does not start.
 */
export async function startLocalKafka({ dir, port, jars = defaultJarsDir(), onProgress = () => {} }: LocalKafkaOptions): Promise<LocalKafka> {
  await checkJava()
  const kafka = new LocalKafka(resolve(dir), await fetchJars(jars, onProgress), onProgress)
  await kafka.start(port)
  return kafka
}

export class LocalKafka {
  #child: ChildProcess | undefined
  #guard: Guard | undefined
  #ports: Ports | undefined

  constructor(private readonly dir: string, private readonly jars: string, private readonly onProgress: (text: string) => void) {}

  get brokers(): string[] { return [`${HOST}:${this.#ports!.broker}`] }
  get pid(): number { return this.#child?.pid ?? 0 }
  get dataDir(): string { return join(this.dir, 'data') }
  get logFile(): string { return join(this.dir, 'kafka.log') }

  async start(port?: number): Promise<void> {
    mkdirSync(this.dir, { recursive: true })
    await this.#endLeftover()
    await this.#choosePorts(port)
    this.onProgress('starting Apache Kafka')
    writeFileSync(this.#file('log4j2.properties'), LOGGING)
    writeFileSync(this.#file('server.properties'), settings(this.#ports!, this.dataDir))
    if (!existsSync(this.dataDir)) await this.#format()
    this.#spawn()
    await this.#ready()
  }

  /** Lets it close its files. */
  async stop(): Promise<void> { await this.#end('SIGTERM') }

  /** For tests of crashes. */
  async kill9(): Promise<void> { await this.#end('SIGKILL') }

  /** On the same port, after a stop or kill; with `wipeData` as a broker that remembers nothing. */
  async restart({ wipeData = false }: { readonly wipeData?: boolean } = {}): Promise<void> {
    await this.stop()
    if (wipeData) rmSync(this.dataDir, { recursive: true, force: true })
    await this.start(this.#ports?.broker)
  }

  #file(name: string): string { return join(this.dir, name) }

  /** Data belong to the ports they were made with: the controller is written into them. */
  async #choosePorts(wanted?: number): Promise<void> {
    const file = this.#file('ports.json')
    const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Ports : undefined
    const same = before && (wanted === undefined || wanted === before.broker) && await isFree(HOST, before.broker) && await isFree(HOST, before.controller)
    if (same) { this.#ports = before; return }
    if (wanted !== undefined && !await isFree(HOST, wanted)) {
      throw new Error(`Port ${wanted} on ${HOST}, wanted for Apache Kafka, is taken by another program. Stop it or choose another port.`)
    }
    rmSync(this.dataDir, { recursive: true, force: true })
    this.#ports = { broker: wanted ?? await freePort(), controller: await freePort() }
    writeFileSync(file, JSON.stringify(this.#ports))
  }

  async #format(): Promise<void> {
    // a leading dash would be read as an option
    const clusterId = `T${randomBytes(16).toString('base64url').slice(1)}`
    await run('java', [...this.#java(), 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', this.#file('server.properties'), '--standalone'])
  }

  #java(): string[] { return [`-Dlog4j2.configurationFile=${pathToFileURL(this.#file('log4j2.properties'))}`, '-cp', `${this.jars}/*`] }

  #spawn(): void {
    const log = openSync(this.logFile, 'a')
    // a session of its own: Ctrl-C must reach the services first, which still write to it while they drain
    this.#child = spawn('java', ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', ...this.#java(), 'kafka.Kafka', this.#file('server.properties')],
      { stdio: ['ignore', log, log], detached: true })
    closeSync(log)
    this.#child.unref()
    this.#guard = guard(this.#child.pid!)
    writeFileSync(this.#file('broker.json'), JSON.stringify({ pid: this.#child.pid, owner: process.pid }))
  }

  async #ready(): Promise<void> {
    const until = Date.now() + READY_WITHIN_MS
    const connection = { brokers: this.brokers, clientId: 'start', logger: silentLogger }
    while (!await brokerReady(connection)) {
      if (this.#ended() || Date.now() > until) {
        await this.kill9()
        throw new Error(`Apache Kafka did not start:\n${readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-15).join('\n')}`)
      }
      await sleep(100)
    }
  }

  #ended(): boolean { return !this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child && !this.#ended()) {
      const exit = new Promise((done) => child.once('exit', done))
      child.kill(signal)
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await exit
      clearTimeout(late)
    }
    this.#guard?.release()
    this.#guard = undefined
    rmSync(this.#file('broker.json'), { force: true })
  }

  /** A broker that outlived its owner still holds the data. */
  async #endLeftover(): Promise<void> {
    if (!existsSync(this.#file('broker.json'))) return
    const { pid, owner } = JSON.parse(readFileSync(this.#file('broker.json'), 'utf8')) as { pid: number; owner: number }
    const command = async (): Promise<string> => run('ps', ['-o', 'args=', '-p', String(pid)]).then(({ stdout }) => stdout, () => '')
    // the number may be another program's by now
    const ours = async (): Promise<boolean> => (await command()).includes(this.#file('server.properties'))
    if (await ours()) {
      if (owner !== process.pid && lives(owner)) throw new Error(`The Apache Kafka in ${this.dir} belongs to process ${owner}. Stop that one first.`)
      this.onProgress('ending an Apache Kafka left from before')
      process.kill(pid, 'SIGKILL')
      while (await ours()) await sleep(50)
    }
    rmSync(this.#file('broker.json'), { force: true })
  }
}

const lives = (pid: number): boolean => { try { process.kill(pid, 0); return true } catch { return false } }

interface Ports { readonly broker: number; readonly controller: number }

const LOGGING = `rootLogger.level=WARN
rootLogger.appenderRef.console.ref=STDERR
appender.console.type=Console
appender.console.name=STDERR
appender.console.target=SYSTEM_ERR
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c - %m%n
`

const settings = ({ broker, controller }: Ports, dataDir: string): string => Object.entries({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.bootstrap.servers': `${HOST}:${controller}`,
  listeners: `PLAINTEXT://${HOST}:${broker},CONTROLLER://${HOST}:${controller}`,
  'advertised.listeners': `PLAINTEXT://${HOST}:${broker}`,
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'log.dirs': dataDir,
  'auto.create.topics.enable': false,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  // a broker that was killed is let in again only when the session of its last life is over
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
  // a consumer that was killed is replaced after its session, which may be this short here
  'group.min.session.timeout.ms': 1000,
  'num.network.threads': 2,
  'num.io.threads': 2,
  'log.retention.ms': 86_400_000,
}).map(([name, value]) => `${name}=${value}\n`).join('')
