import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds the project's package.json, from its sources as from what was built. */
export function projectFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error('the project\'s package.json is not above its code')
    folder = dirname(folder)
  }
  return folder
}

// kafkajs asks for timers in the past, which Node 24 remarks upon
const QUIET = '--disable-warning=TimeoutNegativeWarning'

/**
 * Arguments for node that run `file` (below the project, without its ending, e.g. `apps/gateway/src/main`) the way this process runs:
 * its source, or what was built of it.
 */
export function nodeArguments(file: string): string[] {
  const project = projectFolder()
  if (!import.meta.url.endsWith('.ts')) return ['--enable-source-maps', QUIET, join(project, 'dist', `${file}.js`)]
  return ['--conditions=tongqu', '--enable-source-maps', QUIET, '--import', join(project, 'libs/runtime/typescript.mjs'), join(project, `${file}.ts`)]
}
