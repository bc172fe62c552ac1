/** Stands for every exchange, every province or every purpose. */
export const ANY = '*'

/** What a participant may ask, of whom, and why. Nothing is permitted that no right names. */
export interface Right {
  /** `medical-records.discover`, or `*`. */
  readonly exchange: string
  /** GB/T 2260 code of the province that may be asked, or `*`. */
  readonly province: string
  /** v3-ActReason codes, or `*`. Empty: none. */
  readonly purposes: readonly string[]
}

export interface Question {
  readonly exchange: string
  readonly province: string
  readonly purpose: string
}

const names = (value: string, wanted: string): boolean => value === ANY || value === wanted
const serves = (right: Right, purpose: string): boolean => right.purposes.includes(ANY) || right.purposes.includes(purpose)

/** One right must cover the whole question: two rights never add up. */
export const permits = (rights: readonly Right[], q: Question): boolean =>
  rights.some(r => names(r.exchange, q.exchange) && names(r.province, q.province) && serves(r, q.purpose))

/** Of these provinces, those that may be asked. */
export const permitted = (rights: readonly Right[], provinces: readonly string[], q: Omit<Question, 'province'>): string[] =>
  provinces.filter(province => permits(rights, { ...q, province }))
