import type { CodeRow } from './code-table.js'

/** The mapping language as it stands in a `*.mapping.yaml` file; `mapping.schema.json` says the same for editors. */
export interface MappingFile {
  /** Slug of the province's folder. */
  readonly province: string
  readonly dialect: 'json' | 'xml' | 'flat'
  /** Name of the canonical schema. */
  readonly message: string
  readonly version: number
  readonly contentType?: string
  readonly about?: string
  /** Document skeleton whose parts the canonical paths name: `composition.title`, `patient.name[0].text`. */
  readonly skeleton?: string
  /** Native words for "nothing"; the empty text always is one. */
  readonly nulls?: readonly string[]
  /** Zone of native times without one. */
  readonly zone?: string
  readonly xml?: { readonly root: string; readonly namespace?: string; readonly namespaces?: Readonly<Record<string, string>>; readonly attributes?: Readonly<Record<string, string>> }
  readonly flat?: { readonly columns: readonly string[] }
  /** How a document of this message is recognised: all must hold. */
  readonly match?: readonly MatchFile[]
  /** Canonical members that the native document does not carry, and the header that brings them. */
  readonly supplied?: Readonly<Record<string, string>>
  readonly rules: readonly RuleFile[]
}

export interface MatchFile {
  readonly native?: string
  readonly equals?: string | number
  readonly in?: readonly (string | number)[]
  readonly not?: string | number
  readonly present?: boolean
  /** Flat files: the header row has this column, or not. */
  readonly column?: string
  readonly noColumn?: string
  readonly any?: readonly MatchFile[]
}

export interface ConditionFile {
  readonly canonical: string
  readonly equals?: string | boolean
  readonly in?: readonly string[]
  readonly not?: string
  readonly present?: boolean
}

export interface CodeFile {
  readonly table: string | readonly string[]
  readonly unmapped?: 'refuse' | 'keep' | { readonly canonical?: string; readonly native?: string }
  readonly system?: { readonly canonical: string; readonly mapped: string; readonly kept: string }
}
type DateFile = string | readonly string[]

/** The closed set of operators; a rule has one at most, none means copy. */
export interface Operators {
  readonly copy?: true
  readonly text?: { readonly width?: boolean; readonly spaces?: boolean; readonly excel?: boolean }
  readonly code?: string | CodeFile
  readonly unit?: string
  readonly number?: true | 'json'
  readonly measure?: true
  readonly range?: { readonly separator: string }
  readonly date?: DateFile
  readonly dateTime?: DateFile
  readonly instant?: DateFile
  readonly identifier?: 'resident-id' | 'document-number' | { readonly kind: 'resident-id'; readonly wrong: 'refuse' | 'keep' }
  readonly boolean?: { readonly true: string; readonly false: string; readonly other?: boolean }
  readonly narrative?: true
}

export interface RuleFile extends Operators {
  readonly canonical?: string
  readonly native?: string
  /** Nested rules: below both paths, or of each element when the paths end in `[]`. */
  readonly rules?: readonly RuleFile[]
  readonly choose?: readonly RuleFile[]
  /** A fixed value on the one side that the rule names. */
  readonly constant?: string | number | boolean
  readonly strict?: boolean
  readonly position?: { readonly from?: number; readonly digits?: number }
  /** Number of elements of this canonical list. */
  readonly count?: string
  /** Knowingly not carried. */
  readonly drop?: string
  readonly when?: ConditionFile | readonly ConditionFile[]
  readonly where?: readonly MatchFile[]
  readonly with?: Readonly<Record<string, string>>
  readonly twin?: string
  readonly split?: string
  readonly prefix?: string
  readonly suffix?: string
  readonly nulls?: readonly string[]
  readonly default?: string | number | boolean
  readonly blank?: string | number
  readonly required?: boolean
  readonly direction?: CodeRow['direction']
  readonly reason?: string
  readonly as?: 'number'
}

export const OPERATORS = ['copy', 'text', 'code', 'unit', 'number', 'measure', 'range', 'date', 'dateTime', 'instant', 'identifier', 'boolean', 'narrative'] as const satisfies readonly (keyof Operators)[]
