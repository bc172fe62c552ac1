import { readFileSync } from 'node:fs'
import { loadProvinces } from '#provinces'
const p = loadProvinces()
const leaves = (v: any, at = ''): [string, unknown][] => typeof v !== 'object' || v === null ? [[at, v]] : Object.entries(v).flatMap(([k, m]) => leaves(m, `${at}/${k}`))
const docs: [string, string, string][] = [['zhejiang', 'lab-report', 'lab-report-biochemistry.json'], ['zhejiang', 'lab-report', 'lab-report-blood-count.json'], ['fujian', 'lab-report', 'lab-report.xml'], ['fujian', 'lab-report', 'lab-report-wrong-template.xml'], ['jiangxi', 'lab-report', 'lab-report.csv'], ['zhejiang', 'discharge-summary', 'discharge-summary.json'], ['fujian', 'discharge-summary', 'discharge-summary.xml'], ['jiangxi', 'discharge-summary', 'discharge-summary.csv']]
const norm = (b: any) => { const m = new Map<string, string>(); b.entry.forEach((e: any, i: number) => m.set(e.fullUrl, `${e.resource.resourceType}`)); return Object.fromEntries(b.entry.map((e: any, i: number) => [`${e.resource.resourceType}:${e.resource.id.slice(0, 4)}`, e.resource])) }
for (const [slug, msg, file] of docs) {
  const r = p.bySlug(slug)!.mappings.get(msg)!.read(readFileSync(`${p.bySlug(slug)!.folder}/fixtures/registry/documents/${file}`))
  if (!r.ok) throw r.faults
  for (const other of p.all) if (other.profile.slug !== slug) {
    const m = other.mappings.get(msg)!
    const w = m.write(r.canonical)
    const again = m.read(w.bytes)
    console.log('=====', slug, file, '→', other.profile.slug)
    if (!again.ok) { console.log(again.faults); continue }
    const a = new Map(leaves(norm(r.canonical))), b = new Map(leaves(norm(again.canonical)))
    for (const [k, v] of a) if (b.get(k) !== v) console.log('  -', k, v, '→', b.get(k))
    for (const [k, v] of b) if (!a.has(k)) console.log('  +', k, v)
    console.log('   loss', w.loss.map(l => `${l.pointer} ${l.reason}`).join('\n        '))
  }
}
