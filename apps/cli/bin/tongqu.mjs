#!/usr/bin/env node
// Starts the command on the Node that the project pins, whatever the machine's own Node is (20 or later).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const project = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const source = join(project, 'apps/cli/src/main.ts')
const built = join(project, 'dist/apps/cli/src/main.js')
const pinned = join(project, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
const loader = new URL('../../../libs/runtime/typescript.mjs', import.meta.url)

const fromSource = existsSync(source)
if (!fromSource && !existsSync(built)) fail('the command is neither here as source nor built.')
if (fromSource && !existsSync(join(project, 'node_modules/@swc/core'))) fail('its packages are not installed. Run `npm ci` in the project first.')
const node = existsSync(pinned) ? pinned : process.execPath
if (node === process.execPath && Number(process.versions.node.split('.')[0]) < 24) fail(`it needs Node 24, this is ${process.versions.node}. Run \`npm ci\` in the project: it brings its own.`)

const how = fromSource ? ['--conditions=tongqu', '--enable-source-maps', '--import', loader.href, source] : ['--enable-source-maps', built]
const child = spawn(node, [...how, ...process.argv.slice(2)], { stdio: 'inherit' })
// the terminal sends Ctrl-C to both; the command decides when it is done
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', error => fail(error.message))
child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : code))

function fail(why) {
  console.error(`tongqu: ${why}`)
  process.exit(2)
}
