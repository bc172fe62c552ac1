import { parseArgs } from 'node:util'
import { createProgress, readSettings, runUntilStopped, type Progress, type Scope, type Settings } from '#runtime'
import { program } from '../../cli/src/program.js'

/**
 * The whole of a `main.ts` here: starts the system, with `--story` plays the story on it as `tongqu story` does, prints
 * `Ready: <url>` and stays until it is stopped.
 */
export async function serve(start: (settings: Settings, scope: Scope, progress: Progress) => Promise<{ readonly url: string }>, limitMs?: number): Promise<void> {
  const progress = createProgress()
  await runUntilStopped(async scope => {
    const { values } = parseArgs({ options: { story: { type: 'boolean' } }, allowNegative: true })
    const settings = readSettings()
    const { url } = await start(settings, scope, progress)
    if (values.story) {
      progress(`the gateway answers on ${url}; the story begins`)
      await program().parseAsync(['story', '--url', url, '--data-dir', settings.dataDir], { from: 'user' })
      progress('the story has ended')
    }
    process.stdout.write(`Ready: ${url}\n`)
  }, limitMs)
}
