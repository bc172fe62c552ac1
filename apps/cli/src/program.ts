import { Command, Option } from 'commander'
import { deadLettersCommand } from './dead-letters/dead-letters.command.js'
import { doctorCommand } from './doctor/doctor.command.js'
import { evidenceCommand } from './evidence/export.command.js'
import { verifyCommand } from './evidence/verify.command.js'
import { participantsCommand } from './participants/participants.command.js'
import { referenceCommand } from './reference/reference.command.js'
import { sendCommand } from './send/send.command.js'
import { storyCommand } from './story/story.command.js'
import { traceCommand } from './trace/trace.command.js'

/** The whole command line. Options of the program are understood before and after the command's name. */
export function program(): Command {
  const root = new Command('tongqu')
    .description('通衢 Tongqu: the operator’s command of the cross-province gateway. It speaks HTTP with a key, never to a database.')
    .addOption(new Option('--url <url>', 'address of the gateway (default: that of the running embedded system, else http://127.0.0.1:8080)').env('TONGQU_URL'))
    .addOption(new Option('--key <key>', 'API key (default: a demo key of the embedded system)').env('TONGQU_KEY'))
    .option('--as <participant>', 'use the demo key of this participant, e.g. ningde-hospital')
    .addOption(new Option('--data-dir <folder>', 'where the embedded system keeps its demo keys (default: .tongqu in the project)').env('TONGQU_DATA_DIR'))
    .option('--json', 'answer with JSON on standard output')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .helpCommand('help [command]', 'explain a command, with examples')
    .addHelpText('after', `
Begin here:
  npm start                                             start the embedded system and see the story played
  tongqu story                                          play the story against the running system
  tongqu send libs/provinces/fujian/fixtures/requests/discover-patient-x.xml \\
         --exchange medical-records.discover --as ningde-hospital --wait
  tongqu trace <exchange>                               the journey of one exchange, step by step
  tongqu doctor                                         what is wrong here, and what to do about it

Exit codes: 0 all is well · 1 the thing itself failed (refused, broken chain, red check) · 2 wrong use, or no gateway`)
    .showHelpAfterError('(`tongqu help <command>` explains with examples)')
    .exitOverride()
  for (const command of [storyCommand(), sendCommand(), traceCommand(), participantsCommand(), deadLettersCommand(), evidenceCommand(), verifyCommand(), doctorCommand(), referenceCommand()]) {
    root.addCommand(inherit(root, command))
  }
  return root
}

/** Commands made on their own take over how the program ends and explains itself. */
function inherit(root: Command, command: Command): Command {
  command.copyInheritedSettings(root)
  for (const child of command.commands) inherit(root, child as Command)
  return command
}
