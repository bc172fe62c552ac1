import type { CanonicalSchema } from '#schemas'
import type { Mapping } from './contract.js'
import type { Dialect } from './dialects/dialect.js'
import { jsonDialect } from './dialects/json.js'
import { CompiledMapping } from './engine/compiled-mapping.js'
import { RuleCompiler } from './engine/compile-rules.js'
import { SchemaView } from './engine/schema-view.js'
import type { Skeleton } from './engine/skeleton.js'
import type { CodeTable } from './language/code-table.js'
import { compileMatch } from './language/conditions.js'
import type { MappingFile } from './language/mapping-file.js'
import { MAPPING_SCHEMA } from './language/mapping.schema.js'
import { viewSchema } from './language/skeleton-file.js'
import { failAt, readYaml, type Place } from './language/source.js'
import { compileSchema, lazySchema, type ErrorObject } from './language/validator.js'
import { flatDialect } from './dialects/flat.js'
import { xmlDialect } from './dialects/xml.js'

export interface MappingSources {
  /** Name shown in errors. */
  readonly file: string
  readonly codeTables: Iterable<CodeTable>
  readonly schemas: Iterable<CanonicalSchema>
  readonly skeletons?: Iterable<Skeleton>
}

const CONTENT_TYPES = { json: 'application/json; charset=utf-8', xml: 'application/xml; charset=utf-8', flat: 'text/csv; charset=GB18030' } as const

/**
 * Compiles one mapping file. Throws `MappingError` that names file, line, rule and what would be right: a word the language does not
 * know, a missing code table or schema, a canonical path that the schema does not have, two rules for one field.
 */
export function compileMapping(text: string, sources: MappingSources): Mapping {
  const { value, lineOf } = readYaml(text, sources.file)
  const placeOf = (path: readonly (string | number)[]): Place => ({ file: sources.file, line: lineOf(path), path })
  const validate = compileSchema(MAPPING_SCHEMA)
  if (!validate(value)) refuse(validate.errors!, placeOf)
  const file = value as MappingFile
  const schema = [...sources.schemas].find(each => each.name === file.message)
  if (!schema) return failAt(placeOf(['message']), `there is no canonical schema "${file.message}"; there are ${[...sources.schemas].map(each => each.name).join(', ')}`)
  const skeleton = findSkeleton(file, sources, placeOf(['skeleton']))
  const view = skeleton && viewSchema(skeleton)
  const schemaView = new SchemaView(view ?? schema.schema)
  switch (file.dialect) {
    case 'json': return build(file, jsonDialect, { placeOf, sources, schema, skeleton, view, schemaView })
    case 'xml': return build(file, xmlDialect(file.xml ?? failAt(placeOf([]), 'a mapping of dialect xml says xml: { root, namespace }')), { placeOf, sources, schema, skeleton, view, schemaView })
    case 'flat': return build(file, flatDialect(file.flat ?? failAt(placeOf([]), 'a mapping of dialect flat says flat: { columns }')), { placeOf, sources, schema, skeleton, view, schemaView })
  }
}

interface Compilation {
  readonly placeOf: (path: readonly (string | number)[]) => Place
  readonly sources: MappingSources
  readonly schema: CanonicalSchema
  readonly skeleton?: Skeleton
  readonly view?: object
  readonly schemaView: SchemaView
}

function build<N>(file: MappingFile, dialect: Dialect<N>, { placeOf, sources, schema, skeleton, view, schemaView }: Compilation): Mapping {
  const nulls = new Set(['', ...file.nulls ?? []])
  const zone = file.zone ?? '+08:00'
  const tables = new Map([...sources.codeTables].map(table => [table.name, table]))
  const compiler = new RuleCompiler({ dialect, tables, zone, nulls, placeOf })
  const rules = compiler.compile(file.rules, ['rules'], schemaView)
  return new CompiledMapping<N>({
    head: {
      id: `${file.province}/${file.message}@${file.version}`, province: file.province, dialect: file.dialect, message: file.message, version: file.version,
      contentType: file.contentType ?? CONTENT_TYPES[file.dialect],
    },
    dialect, rules, recognise: compileMatch(file.match ?? [], dialect, placeOf(['match'])),
    validate: lazySchema(schema.schema), schema: schemaView, ...(view ? { validateView: lazySchema(view) } : {}), ...(skeleton ? { skeleton } : {}),
    zone, nulls, takesEachOnce: compiler.takesEachOnce, supplied: file.supplied ?? {},
  })
}

function findSkeleton(file: MappingFile, sources: MappingSources, place: Place): Skeleton | undefined {
  if (file.skeleton === undefined) return undefined
  const skeletons = [...sources.skeletons ?? []]
  return skeletons.find(each => each.name === file.skeleton) ?? failAt(place, `there is no skeleton "${file.skeleton}"; there are ${skeletons.map(each => each.name).join(', ') || 'none'}`)
}

/** The deepest error of the language's schema, in words. */
function refuse(errors: readonly ErrorObject[], placeOf: (path: readonly (string | number)[]) => Place): never {
  const deepest = errors.filter(error => error.keyword !== 'anyOf').reduce((a, b) => b.instancePath.length > a.instancePath.length ? b : a)
  const path = deepest.instancePath.split('/').slice(1).map(part => /^\d+$/.test(part) ? Number(part) : part)
  const place = placeOf(path)
  const params = deepest.params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] }
  if (params.additionalProperty !== undefined) {
    const inner = placeOf([...path, params.additionalProperty])
    const words = path.at(-2) === 'rules' || path.at(-2) === 'choose' ? Object.keys(MAPPING_SCHEMA.$defs.rule.properties) : undefined
    failAt(inner, words ? `a rule knows no "${params.additionalProperty}"; operators and modifiers are ${words.join(', ')}` : `"${params.additionalProperty}" is not allowed here`)
  }
  if (params.missingProperty !== undefined) failAt(place, `"${params.missingProperty}" is missing`)
  failAt(place, `${deepest.message ?? 'not valid'}${params.allowedValues ? `: ${params.allowedValues.join(', ')}` : ''}`)
}
