import { clip, duration, table } from '../../terminal/layout.rules.js'
import { style } from '../../terminal/print.js'
import type { DataReport } from './play-data.js'

/** What was kept and what was not, by field, and what the translation had not named itself. */
export function lossLines(r: DataReport): string[] {
  const delivered = r.patients.reduce((n, p) => n + p.delivered.length, 0)
  const differences = r.loss.reduce((n, f) => n + f.count, 0)
  const undeclared = r.loss.reduce((n, f) => n + f.count - f.declared, 0)
  const failed = r.patients.reduce((n, p) => n + p.failed.length, 0)
  const notWritten = r.patients.reduce((n, p) => n + p.notWritten.length, 0)
  return [
    '', style.title('与来源逐项比较  compared with the source, field by field'),
    ...(r.loss.length ? table(['项 field', '', '次数 count', '已声明 declared', '例 example'], r.loss.map(f => [clip(f.field, 72), f.kind === 'lost' ? '丢失 lost' : '改变 changed', String(f.count), String(f.declared), style.quiet(clip(f.example, 48))])) : []),
    '',
    `${r.patients.length} 位患者 patients, ${delivered} 份文档送达 documents delivered, ${r.kept} 项相同 fields kept, ${differences} 项不同 differ, 其中 ${undeclared} 项写出时未声明 of them not named when written · ${duration(r.ms)}`,
    ...(notWritten ? [style.warn(`${notWritten} 份文档该方言无法承载 documents that the dialect could not carry`)] : []), ...(failed ? [style.bad(`${failed} 次失败 failed`)] : []),
  ]
}
