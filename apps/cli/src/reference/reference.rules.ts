import type { TSchema } from '@sinclair/typebox'
import { FAILURES, type FailureCode, type FailureEntry } from '#kernel'
import { EXCHANGES, SCHEMAS, exchangeKey, exchangeRoute, messageTypes, publishedSchema, schemaId, topics, type CanonicalSchema, type ExchangeDefinition } from '#schemas'

/** The pages of docs/reference and the canonical schemas as files, by file name, derived from the definitions alone. */
export function referencePages(): Readonly<Record<string, string>> {
  const files = SCHEMAS.map(s => [`schemas/${schemaId(s)}.schema.json`, `${JSON.stringify(publishedSchema(s), null, 2)}\n`])
  return { ...Object.fromEntries(files), 'exchanges.md': page('Exchanges', EXCHANGES.map(exchangeSection)), 'schemas.md': page('Canonical schemas', SCHEMAS.map(schemaSection)), 'failures.md': page('Failure codes', failureSections()) }
}

const page = (title: string, sections: readonly string[]): string => `# ${title}\n\nWritten by \`tongqu reference\` from the definitions in the code; not edited by hand.\n\n${sections.join('\n\n')}\n`
const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map(cells => `| ${cells.map(c => c.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`).join('\n')
const link = (s: CanonicalSchema): string => `[${schemaId(s)}](schemas.md#${schemaId(s).replace('@', '')})`
const seconds = (ms: number): string => `${ms / 1000} s`

function exchangeSection(d: ExchangeDefinition): string {
  const types = messageTypes(d)
  return [
    `## ${exchangeKey(d)} v${d.version}`, `${d.title.zh} · ${d.title.en}. ${d.summary.zh}。${d.summary.en}.`,
    table(['Matter', 'Value'], [
      ['route', `\`POST ${exchangeRoute(d)}\``],
      ['request', link(d.request)], ['answer of a holder', d.answer.map(link).join(', ')], ['result for the asker', d.result.map(link).join(', ')],
      ['purposes', d.purposes.join(', ')], ['sensitivity', d.sensitivity], ['targets', d.targets === 'sender' ? 'named by the sender' : 'known to the case'],
      ['ordering key', d.orderingKey === 'case' ? 'the case' : 'a keyed hash of the person'],
      ['time limits', `${seconds(d.deadlineMs)} in all, ${seconds(d.targetDeadlineMs)} for one province, emitted again after ${seconds(d.stepDeadlineMs)} without progress`],
      ['topics', `\`${topics.domain(d.domain)}\`, \`${topics.deliveries('<province>')}\`, \`${topics.pull}\`, \`${topics.gateway}\``],
      ['messages', Object.values(types).map(t => `\`${t}\``).join(', ')],
    ]),
  ].join('\n\n')
}

const schemaSection = (s: CanonicalSchema): string =>
  [`## ${schemaId(s)}`, `${s.title.zh} · ${s.title.en}. JSON Schema: [schemas/${schemaId(s)}.schema.json](schemas/${schemaId(s)}.schema.json), and at \`/v1/schemas/${s.name}\`.`, table(['Field', 'Type', 'Needed', 'Remark'], fieldsOf(s.schema))].join('\n\n')

/** Every field of a schema, by its path; lists end with `[]`. */
function fieldsOf(schema: TSchema, path = '', depth = 0): string[][] {
  const properties = (schema.properties ?? {}) as Record<string, TSchema>
  const required = new Set((schema.required as string[] | undefined) ?? [])
  return Object.entries(properties).flatMap(([name, field]) => {
    const inner = (field.type === 'array' ? field.items : field) as TSchema
    const at = `${path}${name}${field.type === 'array' ? '[]' : ''}`
    return [[`\`${at}\``, typeOf(inner), required.has(name) ? 'yes' : '', (field.description ?? inner.description ?? '') as string], ...(depth < 6 ? fieldsOf(inner, `${at}.`, depth + 1) : [])]
  })
}

function typeOf(s: TSchema): string {
  if (s.const !== undefined) return `\`${s.const as string}\``
  if (s.anyOf) return (s.anyOf as TSchema[]).map(typeOf).join(' ')
  if (s.type === 'string') return s.pattern ? `text \`${s.pattern as string}\`` : s.maxLength ? `text, at most ${s.maxLength as number}` : 'text'
  return (s.type as string | undefined) ?? 'any'
}

const FAMILIES: Readonly<Record<FailureEntry['family'], string>> = {
  invalid: 'The document or the request', denied: 'Who asks, and why', absent: 'What is not there', conflict: 'Contradictions', limited: 'Limits',
  business: 'The business says no', target: 'The target province', infrastructure: 'Infrastructure', bug: 'Our own fault',
}

function failureSections(): string[] {
  const codes = Object.entries(FAILURES) as [FailureCode, FailureEntry][]
  return (Object.keys(FAMILIES) as FailureEntry['family'][]).flatMap(family => {
    const rows = codes.filter(([, e]) => e.family === family).map(([code, e]) => [`\`${code}\``, String(e.status), e.retryable ? 'yes' : '', `${e.zh}。${e.en}.`, `${e.who}: ${e.todoZh}。${e.todoEn}.`])
    return rows.length ? [`## ${FAMILIES[family]}\n\n${table(['Code', 'HTTP', 'Again', 'What is wrong', 'Whose turn, and what to do'], rows)}`] : []
  })
}
