import type { CodeTable } from '../language/code-table.js'
import { OPERATORS, type RuleFile } from '../language/mapping-file.js'
import { failAt, type Place } from '../language/source.js'
import { codeCodec, unitCodec } from './code.js'
import type { Codec } from './codec.js'
import { dateCodec, type DateKind } from './date.js'
import { documentNumberCodec, residentIdCodec } from './identifier.js'
import { measureCodec, numberCodec, rangeCodec } from './number.js'
import { booleanCodec, copyCodec, narrativeCodec, textCodec } from './text.js'

export interface OperatorContext {
  readonly tables: ReadonlyMap<string, CodeTable>
  readonly zone: string
  readonly place: Place
}

function table(name: string, { tables, place }: OperatorContext): CodeTable {
  return tables.get(name) ?? failAt(place, `there is no code table "${name}"; there are ${[...tables.keys()].join(', ') || 'none'}`)
}

function code(rule: RuleFile, context: OperatorContext): Codec {
  const file = typeof rule.code === 'object' ? rule.code : { table: rule.code! }
  const names = typeof file.table === 'string' ? [file.table] : file.table
  return codeCodec(names.map(name => table(name, context)), file.unmapped ?? 'refuse', file.system)
}

function date(kind: DateKind, formats: string | readonly string[], { zone, place }: OperatorContext): Codec {
  try { return dateCodec(kind, typeof formats === 'string' ? [formats] : formats, zone) } catch (error) { return failAt(place, (error as Error).message) }
}

/** The operator of a rule, compiled. A rule names one at most; none means copy. */
export function compileOperator(rule: RuleFile, context: OperatorContext): Codec {
  const named = OPERATORS.filter(name => rule[name] !== undefined)
  const [operator] = named
  if (named.length > 1) failAt(context.place, `a rule has one operator; this one names ${named.join(' and ')}`)
  switch (operator) {
    case undefined: case 'copy': return copyCodec
    case 'text': return textCodec(rule.text!)
    case 'code': return code(rule, context)
    case 'unit': return unitCodec(table(rule.unit!, context))
    case 'number': return numberCodec(rule.number === 'json' ? 'number' : 'text')
    case 'measure': return measureCodec()
    case 'range': return rangeCodec(rule.range!.separator)
    case 'date': case 'dateTime': case 'instant': return date(operator, rule[operator]!, context)
    case 'identifier': return rule.identifier === 'document-number' ? documentNumberCodec : residentIdCodec(typeof rule.identifier === 'object' ? rule.identifier.wrong : 'refuse')
    case 'boolean': return booleanCodec(rule.boolean!)
    default: return narrativeCodec
  }
}
