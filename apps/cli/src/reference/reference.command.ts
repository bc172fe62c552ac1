import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { projectFolder } from '../gateway/connection.js'
import { tell } from '../terminal/print.js'
import { referencePages } from './reference.rules.js'

export function referenceCommand(): Command {
  return new Command('reference')
    .description('write the reference pages: exchanges, canonical schemas, failure codes')
    .option('--out <folder>', 'where to (default: docs/reference of the project)')
    .addHelpText('after', `
Examples:
  tongqu reference                 after a change of a definition; a test compares the pages with the code
  tongqu reference --out pages`)
    .action((own: { out?: string }, command: Command) => {
      const folder = own.out ?? join(projectFolder, 'docs/reference')
      const written = Object.entries(referencePages()).map(([name, text]) => {
        const file = join(folder, name)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
        return file
      })
      tell(command.optsWithGlobals<{ json?: boolean }>().json, { written }, r => r.written)
    })
}
