import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { nodeArguments, projectFolder } from './project.js'

export interface ProcessGroupOptions {
  /** Folders below `apps`; each one's `src/main` is run. They are started in this order, together. */
  readonly apps: readonly string[]
  /** Added to our own environment for the app. */
  readonly env: (app: string) => Readonly<Record<string, string>>
  /** `<app>.log` of each is written here. */
  readonly logDir: string
  readonly onProgress: (line: string) => void
}

/** One app, by whichever process runs it at the moment. */
export interface AppProcess {
  readonly app: string
  /** Another one after each restart; undefined between two. */
  readonly pid: number | undefined
  /** Where it said that it listens. */
  readonly url: string
  /** What it had to say to a person, e.g. demo keys. */
  readonly notices: readonly string[]
  readonly restarts: number
}

export interface ProcessGroup {
  readonly processes: ReadonlyMap<string, AppProcess>
  /** SIGTERM to all; resolves when all have ended. */
  stop(): Promise<void>
}

/**
 * Runs each app as a process of its own and resolves when all are ready. One that ends later is started again, at once and then after
 * growing pauses: nobody needs to be there when a process is killed. They hold the other end of an IPC channel and end when we do.
 * @throws Error with the end of its log when an app fails at its first start.
 */
export async function startProcesses(options: ProcessGroupOptions): Promise<ProcessGroup> {
  mkdirSync(options.logDir, { recursive: true })
  const processes = new Map(options.apps.map(app => [app, new SupervisedApp(app, options)]))
  const stop = async (): Promise<void> => { await Promise.all([...processes.values()].map(process => process.stop())) }
  try {
    await Promise.all([...processes.values()].map(process => process.start()))
  } catch (error) { await stop(); throw error }
  return { processes, stop }
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** Having run so long, an app counts as healthy and its next restart is immediate again. */
const HEALTHY_MS = 10_000

class SupervisedApp implements AppProcess {
  url = ''
  notices: readonly string[] = []
  restarts = 0
  #child: ChildProcess | undefined
  #stopping = false
  #supervision: Promise<void> | undefined

  constructor(readonly app: string, private readonly options: ProcessGroupOptions) {}

  get pid(): number | undefined { return this.#child?.pid }

  async start(): Promise<void> {
    const child = this.#spawn()
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`${this.app} did not start (${signal ?? `exit code ${code}`}); the end of ${this.#log}:\n${readFileSync(this.#log, 'utf8').trim().split('\n').slice(-8).join('\n')}`)
    })
    await Promise.race([this.#ready(child), ended])
    ended.catch(() => undefined)
    this.#supervision = this.#supervise(child)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#child?.kill('SIGTERM')
    if (this.#child) await exited(this.#child)
    await this.#supervision
  }

  get #log(): string { return join(this.options.logDir, `${this.app}.log`) }

  async #supervise(first: ChildProcess): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    for (let child = first; ;) {
      const sinceMs = Date.now()
      await exited(child)
      this.#child = undefined
      if (this.#stopping) return
      pauseMs = Date.now() - sinceMs > HEALTHY_MS ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
      this.options.onProgress(`${this.app} ended (${child.signalCode ?? `exit code ${child.exitCode}`}); starting it again`)
      await pause(pauseMs)
      if (this.#stopping) return
      this.restarts++
      child = this.#spawn()
      void this.#ready(child).then(() => this.options.onProgress(`${this.app} is ready again`))
    }
  }

  #spawn(): ChildProcess {
    const log = openSync(this.#log, this.restarts ? 'a' : 'w', 0o600)
    // a session of its own: Ctrl-C in a terminal reaches us alone, and we tell each app once
    const child = spawn(process.execPath, nodeArguments(`apps/${this.app}/src/main`), {
      cwd: projectFolder(), env: { ...process.env, ...this.options.env(this.app) }, stdio: ['ignore', log, log, 'ipc'], detached: true,
    })
    closeSync(log)
    this.#child = child
    return child
  }

  async #ready(child: ChildProcess): Promise<void> {
    await new Promise<void>(resolve => child.on('message', message => {
      const { ready, notices } = message as { ready: string; notices: readonly string[] }
      this.url = ready
      this.notices = notices
      resolve()
    }))
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
