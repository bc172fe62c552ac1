import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { EXIT, unusable } from '../command-failure.js'
import { connectionOf, projectFolder, readDemoKeys, type ConnectionOptions, type DemoKeys } from '../gateway/connection.js'
import { GatewayClient } from '../gateway/gateway-client.js'
import { duration } from '../terminal/layout.rules.js'
import { printJson, printLines, style } from '../terminal/print.js'
import { Asker } from './asker.js'
import { lossLines } from './data/loss-lines.js'
import { playData } from './data/play-data.js'
import { ACTS, ASKER, playStory, type ActName } from './play-story.js'
import { Simulators } from './simulators.js'

interface OwnOptions {
  readonly act?: readonly ActName[]
  readonly data?: string
  readonly seed: string
}
type Options = ConnectionOptions & { readonly json?: boolean }

export function storyCommand(): Command {
  return new Command('story')
    .description('play the story of one patient’s record that crosses a province border, step by step, on the project’s own native documents')
    .addOption(new Option('--act <name...>', 'only these acts (default: all)').choices(Object.keys(ACTS)))
    .option('--data <folder>', 'instead: FHIR R4 bundles of your own, one patient a file, compared field by field with what is delivered')
    .option('--seed <number>', 'with --data: the same seed gives the same resident IDs', '20261102')
    .addHelpText('after', `
Examples:
  tongqu story                    the whole story
  tongqu story --act journey      discovery, list, a lab report, a discharge summary, the trace
  tongqu story --act partial      one province down, one slow: partial answers that name who is missing
  tongqu story --data ./bundles   every patient gets a resident ID; reports and a summary go out through the provinces’ mappings,
                                  come back through the gateway, and what was lost on the way is listed by field
  tongqu story --json             what happened, with timings, for a machine

A clinician in Ningde (Fujian, CDA XML) asks Zhejiang (JSON with national element names) and Jiangxi (GB18030 flat file).
Each is asked in its own dialect and answers in its own. All people are invented. The exit code is 1 when anything
comes out otherwise than the story says.`)
    .action(async (own: OwnOptions, command: Command) => {
      const o = command.optsWithGlobals<Options>()
      const asker = connectionOf({ ...o, key: undefined }, { participant: ASKER.participant })
      const demo = readDemoKeys(o)
      if (!o.json) console.log(`${style.title('通衢 Tongqu')}  ${style.quiet(`${asker.url} · ${asker.participant}`)}`)
      const client = new GatewayClient(asker)
      if (own.data === undefined) await story(own, o, client, demo)
      else await data(own.data, own, o, client, demo?.provinces)
    })
}

async function story(own: OwnOptions, o: Options, asker: GatewayClient, demo: DemoKeys | undefined): Promise<void> {
  const operator = new GatewayClient(connectionOf({ ...o, as: undefined }, 'operator'))
  const provinces = demo?.provinces
  const keyWithoutRight = demo?.keys.find(k => k.role === 'holder' && k.province === ASKER.province)?.key
  if (!o.json && provinces === undefined) console.log(style.warn('没有模拟省系统的地址：略过需要它们的各幕 (no address of pretend provinces: what needs them is left out)'))
  const report = await playStory({ asker, operator, provinces, keyWithoutRight, acts: own.act, quiet: o.json })
  if (o.json) printJson(report)
  else {
    const wrong = report.steps.filter(s => !s.asTold)
    console.log()
    console.log(wrong.length ? style.bad(`${wrong.length} / ${report.steps.length} 步与预期不符 steps came out otherwise: ${wrong.map(s => s.en).join('; ')}`) : style.good(`${report.steps.length} 步，全部如预期 steps, all as the story says · ${duration(report.ms)}`))
  }
  if (!report.asTold) process.exitCode = EXIT.failed
}

async function data(folder: string, own: OwnOptions, o: Options, asker: GatewayClient, provinces: DemoKeys['provinces']): Promise<void> {
  if (provinces === undefined) throw unusable('The addresses of the pretend provinces are not known.', 'They run with the embedded system (`npm start`), which tells them in .tongqu/demo-keys.json.')
  const seed = Number(own.seed)
  if (!Number.isSafeInteger(seed)) throw unusable('--seed takes a whole number.')
  const { loadProvinces } = await import('#provinces')
  const report = await playData({
    folder, seed, provinces: loadProvinces(), asker: new Asker(asker, ASKER.contentType), simulators: new Simulators(provinces), askerProvince: ASKER.province,
    template: readFileSync(join(projectFolder, ASKER.requests, 'discover-patient-x.xml')), holders: { labReports: '330000', summary: '360000' },
    tell: line => { if (!o.json) console.log(line) },
  })
  if (o.json) printJson(report)
  else printLines(lossLines(report))
  if (report.patients.some(p => p.failed.length) || !report.patients.some(p => p.delivered.length)) process.exitCode = EXIT.failed
}
