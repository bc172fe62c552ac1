import { isDeepStrictEqual } from 'node:util'
import { readFileSync, readdirSync, existsSync } from 'node:fs'
import { parse } from 'yaml'
import { loadProvinces } from '#provinces'
import type { Mapping } from '#mapping'
const p = loadProvinces()
const [, , filter = '.', mode] = process.argv
const map: [RegExp, string[]][] = [[/requests\/discover/, ['discover-request']], [/answers\/discover/, ['discover-answer']], [/results\/discover/, ['discover-result']], [/requests\/list/, ['list-request']], [/answers\/list/, ['list-answer']], [/results\/list/, ['list-result']], [/requests\/retrieve/, ['retrieve-request']], [/retrieve-fault/, ['retrieve-fault']], [/documents\/lab/, ['lab-report']], [/documents\/disch/, ['discharge-summary']]]
function walk(d: string): string[] { return readdirSync(d, { withFileTypes: true }).flatMap(e => e.isDirectory() ? walk(`${d}/${e.name}`) : [`${d}/${e.name}`]) }
for (const province of p.all) for (const file of walk(`${province.folder}/fixtures`).filter(f => !/\.yaml$|golden/.test(f) && new RegExp(filter).test(f))) {
  const names = map.find(([re]) => re.test(file))?.[1]
  const m: Mapping | undefined = names && province.mappings.get(names[0]!)
  if (!m) { console.log('-- no mapping', file); continue }
  const h = file.replace(/\.csv$/, '.headers.yaml')
  let supplied: Record<string, any> | undefined
  if (existsSync(h) && h !== file) { const y = parse(readFileSync(h, 'utf8')); const d = (k: string) => y[k] && JSON.parse(decodeURIComponent(y[k])); supplied = { requester: d('Tongqu-Requester'), authorization: { ...d('Tongqu-Authorization'), purpose: y['Tongqu-Purpose'] }, targets: y['Tongqu-Targets'].split(',') } }
  const r = m.read(readFileSync(file), supplied)
  const short = file.split('/provinces/')[1]
  if (!r.ok) { console.log('FAULTS', short, r.faults); continue }
  if (mode) console.log(JSON.stringify(r.canonical, null, 1))
  const w = m.write(r.canonical)
  const again = m.read(w.bytes, supplied)
  const same = isDeepStrictEqual(again.ok ? again.canonical : again.faults, r.canonical)
  const bytesSame = w.bytes.equals(readFileSync(file))
  console.log(same ? 'ok  ' : 'DIFF', short, bytesSame ? 'bytes-same' : '')
  if (r.loss.length) console.log('   rloss', r.loss.map(l => `${l.pointer} ${l.reason}`).join('\n         '))
  if (w.loss.length) console.log('   wloss', w.loss.map(l => `${l.pointer} ${l.reason}`).join('\n         '))
  if (mode === 'bytes') console.log(m.dialect === 'flat' ? new TextDecoder('gb18030').decode(w.bytes) : w.bytes.toString())
  if (!same) console.log(JSON.stringify(again.ok ? again.canonical : again.faults))
}
