import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'

/** Unions of constants become enums: the same values, one error instead of one a member, and a faster check. */
function simplified(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(simplified)
  if (typeof schema !== 'object' || schema === null) return schema
  const { anyOf, ...rest } = schema as { anyOf?: unknown }
  const constants = Array.isArray(anyOf) ? anyOf.map(member => (member as { const?: unknown }).const) : []
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(rest)) result[name] = name === 'const' || name === 'enum' || name === 'required' ? value : simplified(value)
  if (constants.length > 0 && constants.every(value => value !== undefined)) result.enum = constants
  else if (anyOf !== undefined) result.anyOf = simplified(anyOf)
  return result
}

const ajv = new Ajv2020({ allErrors: true, strict: false, allowUnionTypes: true })
const compiled = new WeakMap<object, ValidateFunction>()

/** The compiled check of a schema (JSON Schema 2020-12), once per schema object. */
export function compileSchema(schema: object): ValidateFunction {
  let validate = compiled.get(schema)
  if (!validate) compiled.set(schema, validate = ajv.compile(simplified(schema) as object))
  return validate
}

/** The check of a schema, compiled when it is first needed: a process reads few of the messages that it knows. */
export function lazySchema(schema: object): () => ValidateFunction {
  let validate: ValidateFunction | undefined
  return () => validate ??= compileSchema(schema)
}
export type { ErrorObject, ValidateFunction }
