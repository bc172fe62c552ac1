import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '#runtime'
import { figure, type Figure } from '../figure.js'
import { runLoad, type Measured } from '../measure/run-load.js'
import { COPY, type System } from '../systems.js'

export interface LoadPlan { readonly inFlight: number; readonly warmMs: number; readonly measureMs: number }

/** The bench exchange: a Zhejiang hospital asks the copied province for one person; 1.4 KB in, 0.6 KB back. */
export function copyRequest(): Buffer {
  const request = JSON.parse(readFileSync(join(projectFolder(), 'libs/provinces/zhejiang/fixtures/requests/discover-patient-x.json'), 'utf8')) as { targets: string[] }
  return Buffer.from(JSON.stringify({ ...request, targets: [COPY.code] }))
}

export const runExchange = (system: System, plan: LoadPlan): Promise<Measured> => load(system, 'wenzhou-hospital', 'application/json; charset=utf-8', copyRequest(), plan)

/** The discover story: a Fujian hospital asks Zhejiang and Jiangxi; three dialects. */
export const runDiscover = (system: System, plan: LoadPlan): Promise<Measured> =>
  load(system, 'ningde-hospital', 'application/xml; charset=utf-8', readFileSync(join(projectFolder(), 'libs/provinces/fujian/fixtures/requests/discover-patient-x.xml')), plan)

function load(system: System, participant: string, contentType: string, body: Buffer, plan: LoadPlan): Promise<Measured> {
  return runLoad({
    port: Number(new URL(system.url).port), path: '/v1/exchanges/medical-records/discover', body: body.toString('base64'),
    headers: { authorization: `Bearer ${system.key(participant)}`, 'content-type': contentType, prefer: 'wait=10' },
    cases: 5000, ...plan,
  }, system.watched)
}

/** Rate, latencies and CPU of one run as figures. */
export function figuresOf(id: string, m: Measured, plan: LoadPlan, baseline?: { id: string; perSecond?: number; p50Ms?: number; p99Ms?: number }): Figure[] {
  const conditions = { inFlight: plan.inFlight, measuredMs: plan.measureMs, exchanges: m.count, refused: m.refused, otherProcessesPercent: m.otherPercent, cpuUsPerExchange: m.usPerExchange }
  return [
    figure(`${id}.rate`, m.perSecond, 'exchanges/s', baseline && { id: `${baseline.id}.rate`, value: baseline.perSecond }, conditions),
    figure(`${id}.p50`, m.p50Ms, 'ms', baseline && { id: `${baseline.id}.p50`, value: baseline.p50Ms }, { inFlight: plan.inFlight }),
    figure(`${id}.p99`, m.p99Ms, 'ms', baseline && { id: `${baseline.id}.p99`, value: baseline.p99Ms }, { inFlight: plan.inFlight }),
  ]
}

/** Milliseconds by step of one exchange of a finished run, from its own record. */
export async function stepsOf(system: System, participant: string, contentType: string, body: Buffer): Promise<Record<string, number>> {
  const headers = { authorization: `Bearer ${system.key(participant)}`, 'content-type': contentType, prefer: 'wait=10' }
  const done = await fetch(`${system.url}/v1/exchanges/medical-records/discover`, { method: 'POST', headers, body: new Uint8Array(body) })
  const id = done.headers.get('tongqu-exchange')
  await done.arrayBuffer()
  const record = await (await fetch(`${system.url}/v1/exchanges/${id}`, { headers: { authorization: headers.authorization } })).json() as { steps: { by: string; what: string; ms: number; about?: string }[] }
  return Object.fromEntries(record.steps.map((s, i) => [`${i + 1} ${s.by}: ${s.what}${s.about ? ` ${s.about}` : ''}`, s.ms]))
}
