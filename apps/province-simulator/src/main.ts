import 'reflect-metadata'
import { runApp } from '#runtime'
import { start } from './start.js'

await runApp('province-simulator', start)
