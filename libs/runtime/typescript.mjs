// Runs the project's TypeScript as it lies there: `node --conditions=tongqu --import ./libs/runtime/typescript.mjs <file>.ts`.
// swc, because Nest needs decorators and their metadata, which Node's own type stripping refuses. What was compiled is kept.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire, enableCompileCache, registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(project, 'node_modules/.cache/tongqu')
const require = createRequire(import.meta.url)
const OPTIONS = {
  swcrc: false, sourceMaps: 'inline', inlineSourcesContent: false, module: { type: 'es6' },
  jsc: {
    parser: { syntax: 'typescript', decorators: true }, target: 'es2024', keepClassNames: true,
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
}
const version = `${JSON.parse(readFileSync(join(project, 'node_modules/@swc/core/package.json'), 'utf8')).version} ${JSON.stringify(OPTIONS)}`

function compile(file) {
  const source = readFileSync(file, 'utf8')
  const kept = join(cache, `${createHash('sha256').update(`${version}\0${file}\0${source}`).digest('hex')}.js`)
  try { return readFileSync(kept, 'utf8') } catch { /* not compiled yet */ }
  const { code } = require('@swc/core').transformSync(source, { ...OPTIONS, filename: file })
  try {
    // several processes start at the same time: each moves a whole file into place
    mkdirSync(cache, { recursive: true })
    writeFileSync(`${kept}.${process.pid}`, code)
    renameSync(`${kept}.${process.pid}`, kept)
  } catch { /* a folder that we may not write: compiled anew each time */ }
  return code
}

enableCompileCache(join(cache, 'v8'))
registerHooks({
  // TypeScript imports name the file that a source becomes
  resolve: (specifier, context, next) => next(context.parentURL?.endsWith('.ts') && /^\.{1,2}\/.*\.js$/.test(specifier) ? `${specifier.slice(0, -3)}.ts` : specifier, context),
  load: (url, context, next) => url.startsWith('file:') && url.endsWith('.ts') ? { format: 'module', source: compile(fileURLToPath(url)), shortCircuit: true } : next(url, context),
})
