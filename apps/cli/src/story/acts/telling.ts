import { provinceByCode } from '#identity'
import type { Asked } from '../asker.js'

export const provinceName = (code: string): string => provinceByCode(code)?.zh ?? code

/** Size and kind of the reply as it came, and its exchange. */
export const received = (a: Asked): string => `← HTTP ${a.status}  ${a.contentType}  ${(a.bytes.length / 1024).toFixed(1)} kB`

/** Faults of a refusal, each with its place in the sender’s own document. */
export const refusal = (a: Asked): string[] =>
  (a.problem ? [`${a.problem.code ?? ''}  ${a.problem.title ?? ''}`.trim(), ...(a.problem.faults ?? []).map(f => `${f.pointer || '/'}  ${f.zh} · ${f.en}`)] : [])
