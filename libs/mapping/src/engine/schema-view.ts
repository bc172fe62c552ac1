interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean
  readonly minItems?: number
  readonly maxItems?: number
}

/** Of lists for which the schema names no bound. */
const MAX_ITEMS = 2000

/** What the compiler asks a JSON Schema about canonical paths. */
export class SchemaView {
  constructor(readonly schema: object) {}

  #at(names: readonly string[]): { schema?: Schema; parent?: Schema; wrong?: string } {
    let at: Schema | undefined = this.schema as Schema
    let parent: Schema | undefined
    for (const name of names) {
      parent = at?.items && !at.properties ? at.items : at
      if (!parent?.properties) return {}
      at = parent.properties[name]
      if (!at) return parent.additionalProperties === false ? { wrong: `the canonical schema has no "${names.join('.')}"; "${name}" is none of ${Object.keys(parent.properties).join(', ')}` } : {}
    }
    return { schema: at, parent }
  }

  /** Why a path cannot exist in a document of this schema. */
  wrong(names: readonly string[]): string | undefined { return this.#at(names).wrong }
  element(names: readonly string[]): SchemaView { return new SchemaView(this.#at(names).schema?.items ?? {}) }
  /** How many elements the list may have. */
  maxItems(names: readonly string[]): number { return this.#at(names).schema?.maxItems ?? MAX_ITEMS }
  /** The list must be there even when it is empty. */
  requiresEmptyList(names: readonly string[]): boolean {
    const { schema, parent } = this.#at(names)
    return schema !== undefined && (schema.minItems ?? 0) === 0 && (parent?.required ?? []).includes(names.at(-1)!)
  }

  /** JSON pointers (from this schema's root) of the leaves that are required below `pointer`, without going into lists. */
  requiredBelow(pointer: string): string[] {
    let at: Schema | undefined = this.schema as Schema
    for (const name of pointer.split('/').slice(1)) at = at?.items && /^\d+$/.test(name) ? at.items : at?.properties?.[name]
    const open = (schema: Schema | undefined, prefix: string): string[] => {
      const required = schema?.properties ? schema.required ?? [] : []
      return required.length === 0 ? [prefix] : required.flatMap(name => open(schema!.properties![name], `${prefix}/${name}`))
    }
    return open(at, pointer)
  }
}
