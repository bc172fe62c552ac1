import { serve } from './serve.js'
import { startAllProcesses } from './start-processes.js'

// the processes may take 15 s of their own to drain
await serve(startAllProcesses, 30_000)
