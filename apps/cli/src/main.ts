import { CommanderError } from 'commander'
import { CommandFailure, EXIT } from './command-failure.js'
import { program } from './program.js'
import { style } from './terminal/print.js'

/** Runs one command line and tells its exit code. */
async function run(argv: readonly string[]): Promise<number> {
  const root = program()
  try {
    await root.parseAsync(argv, { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable
    if (!(error instanceof CommandFailure)) { console.error(error); return EXIT.failed }
    if (root.opts().json) console.log(JSON.stringify({ error: error.message, ...(error.more.wayOut !== undefined && { wayOut: error.more.wayOut }), ...(error.more.problem !== undefined && { problem: error.more.problem }) }, null, 2))
    else {
      console.error(style.bad(error.message))
      if (error.more.wayOut) console.error(error.more.wayOut)
    }
    return error.exitCode
  }
}

// a reader that has seen enough (`| head`) ends the command, not with an error
process.stdout.on('error', error => { if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exit(EXIT.ok); throw error })
process.exitCode = await run(process.argv.slice(2))
