import { clip, duration, table } from '../../terminal/layout.rules.js'
import { style } from '../../terminal/print.js'
import type { DataReport } from './play-data.js'

const FIELDS_SHOWN = 40

/** What was kept and what was not, by kind of resource and by field, and what the translation had not named itself. */
export function lossLines(r: DataReport): string[] {
  const count = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((n, item) => n + of(item), 0)
  const delivered = count(r.patients, p => p.delivered.length)
  const failed = count(r.patients, p => p.failed.length)
  const notWritten = count(r.patients, p => p.notWritten.length)
  const undeclared = count(r.loss, f => f.count - f.declared)
  const more = r.loss.length - FIELDS_SHOWN
  return [
    '', style.title('与来源逐项比较  compared with the source, field by field'),
    ...table(['资源 resource', '相同 kept', '不同 differ'], r.resources.map(k => [k.kind, String(k.kept), String(k.differ)])), '',
    ...table(['项 field', '', '次数 count', '已声明 declared', '例 example'], r.loss.slice(0, FIELDS_SHOWN).map(f => [clip(shortened(f.field), 72), f.kind === 'lost' ? '丢失 lost' : '改变 changed', String(f.count), String(f.declared), style.quiet(clip(f.example, 48))])),
    ...(more > 0 ? [style.quiet(`… 另有 ${more} 项 more fields; --json lists all`)] : []), '',
    `${r.patients.length} 位患者 patients, ${delivered} 份文档送达 documents delivered, ${count(r.resources, k => k.kept)} 项相同 fields kept, ${count(r.resources, k => k.differ)} 项不同 differ, 其中 ${undeclared} 项写出时未声明 of them not named when written · ${duration(r.ms)}`,
    ...(notWritten ? [style.warn(`${notWritten} 份文档该方言无法承载 documents that the dialect could not carry`)] : []), ...(failed ? [style.bad(`${failed} 次失败 failed`)] : []),
  ]
}

/** Systems by the end of their URL: `[…/observation-category]`. */
const shortened = (field: string): string => field.replace(/\[[a-z]+:\/\/[^\]]*\/([^\]/]+)\]/g, '[…/$1]')
