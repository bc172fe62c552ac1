import 'reflect-metadata'
import { runApp } from '#runtime'
import { start } from './start.js'

await runApp('gateway', start, { ops: false })
