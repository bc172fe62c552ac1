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

/** True when the sources themselves run, through swc. */
export const runsFromSources = (): boolean => import.meta.url.endsWith('.ts')

/** Arguments for node that run `file` (below the project, without its extension) the way this process runs: `apps/gateway/src/main`. */
export const nodeArguments = (file: string): string[] => runsFromSources()
  ? ['--conditions=tongqu', '--enable-source-maps', '--disable-warning=TimeoutNegativeWarning', '--import', '@swc-node/register/esm-register', join(projectFolder(), `${file}.ts`)]
  : ['--enable-source-maps', '--disable-warning=TimeoutNegativeWarning', join(projectFolder(), 'dist', `${file}.js`)]
