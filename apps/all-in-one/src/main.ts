import 'reflect-metadata'
import { serve } from './serve.js'
import { startAllInOne } from './start.js'

await serve(startAllInOne)
