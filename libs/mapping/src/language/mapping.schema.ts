const text = { type: 'string', minLength: 1 } as const
const texts = { type: 'array', items: { type: 'string' } } as const
const scalar = { type: ['string', 'number', 'boolean'] } as const
const closed = (properties: Record<string, unknown>, required: string[] = []) => ({ type: 'object', additionalProperties: false, required, properties })
const formats = { description: 'yyyy MM dd HH mm ss SSS ZZ, separators, \'text\', [optional parts]; tried in turn, the first that loses nothing is written', anyOf: [text, { type: 'array', items: text, minItems: 1 }] }

const operators = {
  copy: { const: true, description: 'the value as it is, trimmed; also what a rule without operator does' },
  text: { ...closed({ width: { type: 'boolean' }, spaces: { type: 'boolean' }, excel: { type: 'boolean' } }), description: 'width: fold full-width forms; spaces: take out every space; excel: take off a leading \' and a trailing .0' },
  code: {
    description: 'a crosswalk by code table, or by several in a row',
    anyOf: [text, closed({
      table: { anyOf: [text, { type: 'array', items: text, minItems: 1 }] },
      unmapped: { anyOf: [{ enum: ['refuse', 'keep'] }, closed({ canonical: text, native: { type: 'string' } })], description: 'a code that the table does not know: refused (default), kept, or replaced on the side that is named; native \'\': left blank' },
      system: { ...closed({ canonical: text, mapped: text, kept: text }, ['canonical', 'mapped', 'kept']), description: 'where the canonical code\'s system stands, and its value for a known and for a kept code' },
    }, ['table'])],
  },
  unit: { ...text, description: 'unit text ↔ { unit, system, code } of a Quantity by this code table (native ↔ UCUM)' },
  number: { enum: [true, 'json'], description: 'a decimal number; json: written as JSON number' },
  measure: { const: true, description: '"5.6", "<0.01", "5.6↑" ↔ { value, comparator } of a Quantity' },
  range: { ...closed({ separator: text }, ['separator']), description: '"3.9～6.1", "<5.2", other text ↔ { low, high, text } of a referenceRange' },
  date: formats, dateTime: formats, instant: formats,
  identifier: { anyOf: [{ enum: ['resident-id', 'document-number'] }, closed({ kind: { const: 'resident-id' }, wrong: { enum: ['refuse', 'keep'] } }, ['kind', 'wrong'])] },
  boolean: { ...closed({ true: text, false: text, other: { type: 'boolean' } }, ['true', 'false']), description: 'two native words; other: what every other word means' },
  narrative: { const: true, description: 'text ↔ FHIR Narrative' },
} as const

const modifiers = {
  canonical: { ...text, description: 'path in the canonical document: person.name, name[0].text, identifier[use=official].value; [] at the end: a list' },
  native: { ...text, description: 'path in the native document, relative to the rule around it; [] : a list' },
  rules: { type: 'array', minItems: 1, items: { $ref: '#/$defs/rule' }, description: 'rules below both paths, or of each element of a list' },
  choose: { type: 'array', minItems: 2, items: { $ref: '#/$defs/rule' }, description: 'alternatives: the first that has a value and accepts it' },
  constant: { ...scalar, description: 'a fixed value of the one side that the rule names' },
  strict: { type: 'boolean', description: 'another native value than the constant is a fault' },
  position: { ...closed({ from: { type: 'integer' }, digits: { type: 'integer', minimum: 1 } }), description: 'position of the list element' },
  count: { ...text, description: 'number of elements of this canonical list; written, ignored when read' },
  drop: { ...text, description: 'the field is knowingly not carried, for this reason' },
  when: { anyOf: [{ $ref: '#/$defs/condition' }, { type: 'array', items: { $ref: '#/$defs/condition' }, minItems: 1 }], description: 'holds in both directions; earlier rules have filled the canonical side when reading' },
  where: { type: 'array', items: { $ref: '#/$defs/match' }, description: 'native elements that belong to the list' },
  with: { type: 'object', additionalProperties: { type: 'string' }, description: 'native constants that are written beside the value' },
  twin: { ...text, description: 'native field with the code\'s name' },
  split: { ...text, description: 'the native field holds a list, with this separator' },
  prefix: text, suffix: text, nulls: texts,
  default: { ...scalar, description: 'canonical value of an empty native field' },
  blank: { type: ['string', 'number'], description: 'native value where the canonical document has nothing' },
  required: { type: 'boolean' },
  direction: { enum: ['read', 'write'], description: 'the rule is one-way; it needs a reason' },
  reason: text,
  as: { const: 'number', description: 'written as JSON number' },
} as const

const match = {
  native: text, equals: { type: ['string', 'number'] }, in: { type: 'array', items: { type: ['string', 'number'] } }, not: { type: ['string', 'number'] }, present: { type: 'boolean' },
  column: text, noColumn: text, any: { type: 'array', items: { $ref: '#/$defs/match' }, minItems: 2 },
}

/** JSON Schema of `*.mapping.yaml`, published as `mapping.schema.json` for editors. */
export const MAPPING_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Tongqu mapping',
  description: 'One province × dialect × message × version, both directions.',
  ...closed({
    province: text, dialect: { enum: ['json', 'xml', 'flat'] }, message: text, version: { type: 'integer', minimum: 1 }, contentType: text, about: text,
    skeleton: text, nulls: texts, zone: { type: 'string', pattern: '^[+-]\\d{2}:\\d{2}$' },
    xml: closed({ root: text, namespace: text, namespaces: { type: 'object', additionalProperties: text }, attributes: { type: 'object', additionalProperties: { type: 'string' } } }, ['root']),
    flat: closed({ columns: { type: 'array', items: text, minItems: 1 } }, ['columns']),
    match: { type: 'array', items: { $ref: '#/$defs/match' } },
    supplied: { type: 'object', additionalProperties: text },
    rules: { type: 'array', items: { $ref: '#/$defs/rule' }, minItems: 1 },
  }, ['province', 'dialect', 'message', 'version', 'rules']),
  $defs: {
    rule: closed({ ...modifiers, ...operators }),
    condition: closed({ canonical: text, equals: { type: ['string', 'boolean'] }, in: texts, not: { type: 'string' }, present: { type: 'boolean' } }, ['canonical']),
    match: closed(match),
  },
}
