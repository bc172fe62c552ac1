import type { StartApp } from './app.js'
import { createAppContext } from './context.js'
import { startOpsServer } from './ops-server.js'
import { readSettings } from './read-settings.js'
import { runUntilStopped } from './until-stopped.js'

/**
 * Runs one app as a process of its own, over Kafka: the whole of its `main.ts`. Prints `Ready: <url>` when it serves.
 * With `ops: false` the app answers health and metrics itself.
 */
export function runApp(name: string, start: StartApp, { ops = true } = {}): Promise<void> {
  return runUntilStopped(async scope => {
    const context = createAppContext(readSettings(), { name })
    scope.closes('connections', () => context.close())
    scope.logs(context.logger)
    let started = false
    const health = ops ? await startOpsServer(context, () => started && !scope.stopping) : undefined
    if (health) {
      scope.closes('health', () => health.close())
      process.stdout.write(`Health: ${health.url}\n`)
    }
    const app = await start(context)
    started = true
    scope.closes(name, () => app.close())
    const url = app.url ?? health?.url
    const notices = app.notices ?? []
    // what is meant for a person must not end up in the log that a parent keeps of us
    if (process.send) process.send({ ready: url, notices })
    else process.stdout.write(notices.map(line => `${line}\n`).join(''))
    process.stdout.write(`Ready: ${url}\n`)
  })
}
