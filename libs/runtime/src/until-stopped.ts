import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createLogger, type Logger } from '#observability'

/** The life of a process: what it opened, to be closed in reverse, and where it complains. */
export interface Scope {
  readonly stopping: boolean
  closes(what: string, close: () => Promise<unknown>): void
  logs(logger: Logger): void
}

const ONE_PRESS_MS = 500

/**
 * Starts, then stays until SIGINT, SIGTERM, SIGHUP or the end of the parent that holds the other end of our IPC channel; then closes
 * what was opened, the latest first, within `limitMs`. A second signal, half a second later or more, ends at once. Exit codes:
 * 0 stopped as asked, 1 failed to start, closing took too long, or a bug surfaced where nobody waits for it.
 */
export async function runUntilStopped(start: (scope: Scope) => Promise<void>, limitMs = 15_000): Promise<void> {
  let logger = createLogger('tongqu')
  const opened: { what: string; close: () => Promise<unknown> }[] = []
  let stopping: Promise<void> | undefined
  const closeAll = async (code: number): Promise<void> => {
    const limit = setTimeout(() => { logger.error({ closing: opened.at(-1)?.what }, 'closing took too long'); process.exit(1) }, limitMs)
    for (let next = opened.at(-1); next; next = opened.at(-1)) {
      try { await next.close() } catch (error) { logger.error({ error: (error as Error).message, closing: next.what }, 'could not close'); code = 1 }
      opened.pop()
    }
    clearTimeout(limit)
    process.exit(code)
  }
  const stop = (code: number): Promise<void> => stopping ??= closeAll(code)
  const fatal = (error: unknown): void => { logger.fatal({ error: error instanceof Error ? error.stack : String(error) }, 'a bug surfaced where nobody waits for it'); void stop(1) }
  process.on('uncaughtException', fatal).on('unhandledRejection', fatal)
  let askedAtMs: number | undefined
  const asked = (): void => {
    // Ctrl-C comes twice below npm: from the terminal, and passed on
    if (askedAtMs !== undefined && performance.now() - askedAtMs > ONE_PRESS_MS) process.exit(1)
    askedAtMs ??= performance.now()
    void stop(0)
  }
  process.on('SIGINT', asked).on('SIGTERM', asked).on('SIGHUP', asked).once('disconnect', () => void stop(0))
  try {
    await start({ get stopping() { return stopping !== undefined }, closes: (what, close) => { opened.push({ what, close }) }, logs: l => { logger = l } })
    returnStartMemory()
  } catch (error) {
    if (stopping) return stopping
    process.stderr.write(`${explain(error)}\n`)
    await stop(1)
  }
}

/** Compiling mappings and schemas leaves some 100 MB of garbage, whose room V8 would keep for as long as the process is idle. */
function returnStartMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/** What a person at the terminal needs: the message and its causes; the stack when it is a bug of ours. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ((error instanceof TypeError || error instanceof ReferenceError) && !('code' in error)) return error.stack ?? error.message
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message
}
