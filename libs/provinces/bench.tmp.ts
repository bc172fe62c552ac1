import { readFileSync } from 'node:fs'
import { loadProvinces } from '#provinces'
const p = loadProvinces()
for (const [slug, msg, file] of [['zhejiang','discover-request','requests/discover-patient-x.json'],['fujian','discover-request','requests/discover-patient-x.xml'],['jiangxi','discover-answer','registry/answers/discover-patient-x.csv'],['fujian','lab-report','registry/documents/lab-report.xml'],['zhejiang','lab-report','registry/documents/lab-report-biochemistry.json']] as const) {
  const m = p.bySlug(slug)!.mappings.get(msg)
  if (!m) continue
  const b = readFileSync(`${p.bySlug(slug)!.folder}/fixtures/${file}`)
  const r = m.read(b)
  if (!r.ok) { console.log(r.faults); continue }
  const n = slug === 'zhejiang' ? 100000 : 10000
  for (let k = 0; k < 3; k++) {
    let t = performance.now()
    for (let i = 0; i < n; i++) m.read(b)
    const read = (performance.now() - t) * 1000 / n
    t = performance.now()
    for (let i = 0; i < n; i++) m.write(r.canonical)
    const write = (performance.now() - t) * 1000 / n
    console.log(slug, msg, b.length, 'read µs', read.toFixed(2), 'write µs', write.toFixed(2))
  }
}
